import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { BuildError, errorCodes, exitCode, pageOfError, type ErrorCode } from "../../src/errors.ts";
import { explainCommand } from "../../src/report/explain-command.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { demo, makeProject, pipelineYaml, writeFiles } from "../helpers/project.ts";

const codes = [...errorCodes, "bug"] as const;

describe("the pages of errors", () => {
  test("are one for each code, and no other", () => {
    expect(readdirSync("docs/errors").toSorted()).toEqual(codes.map((code) => `${code}.md`).toSorted());
  });

  test("are in a table with the exit code", () => {
    const rows = readFileSync("docs/errors.md", "utf8").matchAll(/^\| \[`(\w+)`\]\(errors\/(\w+)\.md\) \|.*\| (\d) \|$/gm);
    const expected = codes.map((code) => [code, code, String(exitCode(code === "bug" ? new Error() : new BuildError(code, "")))]);
    expect([...rows].map(([, code, page, exit]) => [code, page, exit])).toEqual(expected);
  });

  test.for(codes)("say of %s what you see, why, and what to do", (code) => {
    const page = readFileSync(pageOfError(code), "utf8");
    const headings = [...page.matchAll(/^#+ .*$/gm)].map(([line]) => line);
    expect(headings).toEqual([`# Error \`${code}\``, "## What you see", "## Why", "## What to do"]);
    const [, ...examples] = page.split(/^```\n/m);
    const shown = examples.filter((_, index) => index % 2 === 0);
    expect(shown.length).toBeGreaterThan(0);
    if (code !== "usage") for (const one of shown) expect(one).toMatch(new RegExp(`\n  more: kovn-build explain ${code}\n$`));
  });
});

describe("`explain`", () => {
  test.for(codes)("prints the page of %s", async (code, { folder }) => {
    const { stdout } = await kovnBuild(folder, ["explain", code]);
    expect(stdout.trim()).toBe(readFileSync(pageOfError(code), "utf8").trim());
  });

  test("prints the list of codes, and refuses others", async ({ folder }) => {
    expect((await kovnBuild(folder, ["explain"])).stdout).toContain("| [`digest`](errors/digest.md) |");
    expect(await kovnBuild(folder, ["explain", "digestt"])).toMatchObject({ exitCode: 2, stdout: "" });
  });
});

/** Makes a project in which `kovn-build` with these arguments fails with the code. */
const failures: Readonly<Record<Exclude<ErrorCode, "usage" | "compiler" | "machine">, (project: string) => Promise<string[]>>> = {
  project: async (project) => {
    await writeFiles(project, { "pipelines/test.yaml": "name: 1\n" });
    return ["--target", "linux"];
  },
  network: async () => ["--target", "linux", "--from", "demo=https://127.0.0.1:1/x"],
  digest: async (project) => {
    await kovnBuild(project, ["--target", "linux"]);
    await writeFile(join(project, "dist/linux/greeting.txt"), "other\n");
    return ["publish", "--allow-unverified", "--allow-unlocked", "--to", "dir=out"];
  },
  patch: async (project) => {
    const path = join(project, demo, "greet-all.patch");
    await writeFile(path, (await readFile(path, "utf8")).replaceAll("-hello", "-hullo"));
    return ["--target", "linux"];
  },
  build: async (project) => {
    await writeFiles(project, { "pipelines/test.yaml": pipelineYaml("false") });
    return ["--target", "linux"];
  },
  destination: async (project) => {
    await kovnBuild(project, ["--target", "linux"]);
    await mkdir(join(project, "out"));
    await writeFile(join(project, "out/x"), "");
    return ["publish", "--allow-unverified", "--allow-unlocked", "--to", "dir=out"];
  },
};

describe("the last line of an error", () => {
  test.for(Object.entries(failures))("names the page of %s", async ([code, prepare], { folder }) => {
    const project = await makeProject(folder);
    const args = await prepare(project);
    const { stderr } = await kovnBuild(project, args);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(`  more: kovn-build explain ${code}`);
  });

  test("is what to type instead, for wrong arguments", async ({ folder }) => {
    const project = await makeProject(folder);
    const { stderr } = await kovnBuild(project, ["--target", "linx"]);
    expect(stderr.trimEnd()).toBe("Target `linx` is unknown. Available: `linux`.\n  -> Did you mean `linux`?");
    expect(explainCommand(new BuildError("usage", "Wrong."))).toBe("kovn-build explain usage");
    expect(explainCommand({ code: "bug" })).toBe("kovn-build explain bug");
  });
});

test("the event of a failure has the page", async ({ folder }) => {
  const project = await makeProject(folder, { "pipelines/test.yaml": pipelineYaml("false") });
  const { stdout } = await kovnBuild(project, ["--target", "linux", "--json"]);
  const last = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as unknown;
  expect(last).toMatchObject({ event: "failed", code: "build", docs: "docs/errors/build.md" });
});
