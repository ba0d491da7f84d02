import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { readManifest } from "../../src/dist/manifest.ts";
import type { Matrix } from "../../src/plan/matrix.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { demo, mail, makeProject, pipelineYaml, sourceYaml } from "../helpers/project.ts";

/**
 * The variables that the runner sets for a step
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/variables).
 */
function stepOf(project: string, folder: string): Readonly<Record<string, string>> {
  return {
    GITHUB_ACTIONS: "true",
    GITHUB_OUTPUT: join(folder, "output"),
    GITHUB_STEP_SUMMARY: join(folder, "summary"),
    GITHUB_WORKSPACE: project,
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_REPOSITORY: "o/r",
    GITHUB_RUN_ID: "17",
    GITHUB_RUN_ATTEMPT: "2",
    GITHUB_WORKFLOW_REF: "o/r/.github/workflows/release.yml@refs/tags/v1.0.0",
  };
}

const build = ["--target", "linux", "--unlocked"];
/** A diff whose second hunk does not apply. */
const conflict = `diff --git a/numbers.txt b/numbers.txt
--- a/numbers.txt
+++ b/numbers.txt
@@ -1,2 +1,2 @@
-1
+one
 2
@@ -10,3 +10,3 @@
 10
-eleven
+11
 12
`;

describe("inside GitHub Actions", () => {
  test("a build groups its log by step, sets an output and adds its files to the summary", async ({ folder }) => {
    const project = await makeProject(folder, {
      "pipelines/test.yaml": pipelineYaml("echo '::error::not a command'; echo ' ##[error]nor this'; cp greeting.txt ../out/"),
    });
    const { exitCode, stderr } = await kovnBuild(project, build, stepOf(project, folder));
    expect(exitCode).toBe(0);
    const lines = stderr.split("\n");
    const start = lines.indexOf("::group::demo: step 1 of 1: shell");
    const end = lines.indexOf("::endgroup::");
    expect(lines.slice(start + 1, end)).toEqual([
      expect.stringMatching(/^demo\| /),
      "demo| ::error::not a command",
      "demo|  # #[error]nor this",
    ]);
    expect(lines.filter((line) => line.startsWith("::"))).toHaveLength(2);
    expect(await readFile(join(folder, "output"), "utf8")).toMatch(/^folder<<(\S+)\n\S*dist\/linux\n\1\n$/);
    expect(await readFile(join(folder, "summary"), "utf8")).toMatch(/^### `\S*dist\/linux` after .*\n[^]*\| `greeting.txt` \|/);
    expect((await readManifest(join(project, "dist/linux/artifacts.json"))).builder).toMatchObject({
      run: "https://github.com/o/r/actions/runs/17/attempts/2",
      workflow: "https://github.com/o/r/.github/workflows/release.yml@refs/tags/v1.0.0",
    });
  });

  test("a failed job is in the summary with its last lines", async ({ folder }) => {
    const project = await makeProject(folder, { "pipelines/test.yaml": pipelineYaml("echo '```'; exit 3") });
    const { exitCode, stderr } = await kovnBuild(project, build, stepOf(project, folder));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^::error title=kovn-build::Job `demo`, step 1 \(shell\): /m);
    expect(await readFile(join(folder, "summary"), "utf8")).toMatch(
      /### Job `demo` failed after .*\n\n````text\n[^]*\n```\n````\n/,
    );
  });

  test("a patch that does not apply is annotated at the line of its hunk, in a build and in patches check", async ({
    folder,
  }) => {
    const project = await makeProject(folder, { [`${demo}/greet-all.patch`]: mail("Count", conflict) });
    const line = mail("Count", conflict).split("\n").indexOf("@@ -10,3 +10,3 @@") + 1;
    const where = `::error file=patches/1.0/demo/greet-all.patch,line=${line},title=kovn-build::Patch \`greet-all.patch\``;
    const built = await kovnBuild(project, build, stepOf(project, folder));
    expect(built.exitCode).toBe(1);
    expect(built.stderr).toContain(where);
    const checked = await kovnBuild(project, ["patches", "check"], stepOf(project, folder));
    expect(checked.exitCode).toBe(1);
    expect(checked.stderr).toContain(where);
  });

  test("a wrong project file is annotated at its line, from any folder of the project", async ({ folder }) => {
    const project = await makeProject(folder, {
      [`${demo}/source.yaml`]: `${sourceYaml("https://example.com/x.git")}wrong: 1\n`,
    });
    for (const where of [project, join(project, demo)]) {
      const { stderr } = await kovnBuild(where, ["plan", "--target", "linux"], stepOf(project, folder));
      expect(stderr).toContain("::error file=patches/1.0/demo/source.yaml,line=6,title=kovn-build::Key `wrong` is unknown here.");
    }
  });

  test("plan --github-matrix makes the matrix of each target an output, and prints them all", async ({ folder }) => {
    const project = await makeProject(folder);
    const { stdout } = await kovnBuild(project, ["plan", "--github-matrix"], stepOf(project, folder));
    const common = { target: "linux", variant: "default", root: "host" };
    const include = [
      { name: "test-default-amd64", ...common, arch: "amd64", runner: "ubuntu-24.04" },
      { name: "test-default-arm64", ...common, arch: "arm64", runner: "ubuntu-24.04-arm" },
    ];
    expect(JSON.parse(stdout)).toEqual({ linux: { include } });
    const [, value = ""] = /^linux<<\S+\n(.*)\n/.exec(await readFile(join(folder, "output"), "utf8")) ?? [];
    expect(JSON.parse(value)).toEqual({ include });
    const unknown = await kovnBuild(project, ["plan", "--github-matrix", "--target", "linxu"]);
    expect(unknown).toMatchObject({ exitCode: 2 });
    expect(unknown.stderr).toContain("Did you mean `linux`?");
  });

  test("plan --github-matrix has a job for each root, where packages are made", async ({ folder }) => {
    const windows = pipelineYaml("true").replace("name: test", "name: other").replace("target: linux", "target: windows");
    const project = await makeProject(folder, { "pipelines/windows.yaml": windows });
    const matrix = async (...args: readonly string[]) => kovnBuild(project, ["plan", ...args], stepOf(project, folder));
    const roots = ["--root", "debian:12", "--root", "ubuntu:24.04", "--root", "debian:12"];
    const { stdout } = await matrix("--github-matrix", ...roots);
    const found = Object.entries(JSON.parse(stdout) as Record<string, Matrix>).map(([target, { include }]) => [
      target,
      include.map(({ name, root }) => `${name}: ${root}`),
    ]);
    expect(Object.fromEntries(found)).toEqual({
      linux: [
        "test-debian-12-default-amd64: debian:12",
        "test-ubuntu-24.04-default-amd64: ubuntu:24.04",
        "test-debian-12-default-arm64: debian:12",
        "test-ubuntu-24.04-default-arm64: ubuntu:24.04",
      ],
      windows: ["other-default-amd64: host", "other-default-arm64: host"],
    });
    for (const [args, message] of [
      [["--github-matrix", "--root", "debian:14"], "Root `debian:14` is unknown. Available: `host`, `debian:12`, "],
      [["--github-matrix", "--target", "windows", ...roots], "`--root debian:12` is for packages of a distribution"],
      [["--target", "linux", ...roots], "A plan is for one root; only `--github-matrix` takes several."],
    ] as const) {
      const refused = await matrix(...args);
      expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
      expect(refused.stderr).toContain(message);
    }
  });
});

test("outside GitHub Actions there are no commands, outputs or summaries", async ({ folder }) => {
  const project = await makeProject(folder);
  const { GITHUB_ACTIONS: _, ...env } = stepOf(project, folder);
  for (const name of ["output", "summary"]) await writeFile(join(folder, name), "");
  const result = await kovnBuild(project, build, env);
  expect(result).toMatchObject({ exitCode: 0 });
  await kovnBuild(project, ["plan", "--github-matrix"], env);
  expect(result.stderr).not.toContain("::");
  for (const name of ["output", "summary"]) expect(await readFile(join(folder, name), "utf8")).toBe("");
  expect((await readManifest(join(project, "dist/linux/artifacts.json"))).builder).not.toHaveProperty("run");
});
