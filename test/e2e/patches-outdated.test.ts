import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { makeDrift } from "../helpers/drift.ts";
import { test } from "../helpers/folder.ts";
import { startGitHub } from "../helpers/github.ts";
import { demo, makeProject, sourceYaml } from "../helpers/project.ts";

test("patches outdated --issue keeps one issue, and prints the same as JSON, with the sum of the series", async ({ folder }) => {
  const { project, upstream } = await makeDrift(folder);
  await using server = await startGitHub();
  const summary = join(folder, "summary");
  const env = { ...server.env, GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
  const args = ["patches", "outdated", "--from", `demo=${upstream}`];
  const first = await kovnBuild(project, [...args, "--issue", "--json"], env);
  expect(first, first.stderr).toMatchObject({ exitCode: 0 });
  const url = `${server.url}/o/r/issues/1`;
  expect(JSON.parse(first.stdout)).toMatchObject({
    schema: 1,
    lines: [{ line: "1.0", sources: [{ source: "demo", picture: { sum: { conflicts: 1, toResolve: 1 } } }], pairs: [] }],
    issue: { outcome: "opened", url },
  });
  expect(await readFile(summary, "utf8")).toContain("## Line 1.0");
  const second = await kovnBuild(project, [...args, "--issue=o/r", "--markdown"], env);
  expect(second.stderr).toContain(`issue: unchanged: ${url}`);
  expect(server.state.issues).toHaveLength(1);
  expect(server.state.issues[0]?.title).toBe("Upstream is ahead of the pins");
  expect(server.state.issues[0]?.body).toContain(second.stdout.trim());
  expect(server.state.problems).toEqual([]);
});

test("patches outdated says what is missing: a token, an upstream", async ({ folder }) => {
  const project = await makeProject(folder, { [`${demo}/source.yaml`]: sourceYaml(join(folder, "none")) });
  const token = await kovnBuild(project, ["patches", "outdated", "--issue", "o/r"]);
  expect(token).toMatchObject({ exitCode: 2, stdout: "" });
  expect(token.stderr).toContain("GITHUB_TOKEN is not set: an issue needs a token.");
  const reached = await kovnBuild(project, ["patches", "outdated"]);
  expect(reached).toMatchObject({ exitCode: 1, stdout: "" });
  expect(reached.stderr).toContain(`Repository ${join(folder, "none")} cannot be read: `);
  expect(reached.stderr).toContain("--from demo=PATH_OR_URL");
});
