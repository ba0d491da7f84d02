import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { demo, makeProject, pipelineYaml, sourceYaml, writeFiles, writeProject } from "../helpers/project.ts";
import { aManifest, begin, jobEnd, lines, plan } from "../helpers/run-folder.ts";

const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d UTC`;
/** Newer than each run that a build makes. */
const newest = ".kovn/runs/29991231T000000Z-1/events.jsonl";

async function statusOf(project: string): Promise<string> {
  const result = await kovnBuild(project, []);
  expect(result).toMatchObject({ exitCode: 0, stderr: "" });
  return result.stdout;
}

describe("kovn-build without arguments", () => {
  test("in a project that was never built shows what can be built, and changes nothing", async ({ folder }) => {
    const project = await writeProject(folder, {
      "pipelines/other.yaml": pipelineYaml("true")
        .replace("name: test\ntarget: linux", "name: other\ntarget: windows\ntoolchain: mingw")
        .replace("flags: {", "flags: { fast: { amd64: -O3 },"),
      "patches/lines.yaml":
        "default: '0.9'\nlines:\n  - { line: '0.9', standsFor: Kube-OVN 0.9, supportedUntil: '2020' }\n  - { line: '1.0' }\n",
      "patches/0.9/demo/source.yaml": sourceYaml("https://nowhere.invalid/demo.git"),
      [`${demo}/source.yaml`]: sourceYaml("https://nowhere.invalid/demo.git"),
    });
    const before = await contentOf(project);
    expect(await statusOf(project)).toBe(`Project ${project}

Can be built
  --target windows --toolchain mingw  jobs demo  variants fast, default
  --target linux                      jobs demo  variants default

Lines
  --line 0.9  Kube-OVN 0.9, supported until 2020  default  support ended
  --line 1.0

Built
  nothing

Last run
  none

Next
  kovn-build doctor --target windows  check what is missing on this machine
  kovn-build --target windows         build
  kovn-build --help                   list all commands`);
    expect(await contentOf(project)).toEqual(before);
  });

  test("after a build shows what was built, and the run", async ({ folder }) => {
    const project = await makeProject(folder);
    expect(await kovnBuild(project, ["--target", "linux", "--unlocked"])).toMatchObject({ exitCode: 0 });
    const text = await statusOf(project);
    const what = "line 1.0, default, (amd64|arm64)";
    expect(text).toMatch(new RegExp(`^Built\n  dist/linux  ${what}  1 artifact  ${time}$`, "m"));
    expect(text).toMatch(new RegExp(`^Last run\n  \\d{8}T\\d{6}Z-\\d+  done  linux, ${what}  ${time}  demo built$`, "m"));
    expect(text).toContain("\n  kovn-build --target linux         build what changed\n");
    expect(text).toContain("\n  kovn-build publish --to apt=DIR ");
    expect(text).not.toContain("kovn-build report --open");
  });

  test("in a folder below the project shows the same", async ({ folder }) => {
    const project = await writeProject(folder);
    expect(await statusOf(join(project, demo))).toBe(await statusOf(project));
  });

  test("shows the newest run that left events, and how to look at it if it failed", async ({ folder }) => {
    const failed = { event: "failed", code: "build", message: "No", duration: 9 };
    const project = await writeProject(folder, {
      [newest]: lines([0, begin], [1, plan], [2, jobEnd("ovs", 1, { outcome: "failed" })], [3, failed]),
      ".kovn/runs/29991231T000000Z-2/other": "",
    });
    const text = await statusOf(project);
    expect(text).toContain(
      "\n  29991231T000000Z-1  failed  linux, line 1.12, default, amd64  2026-11-26 04:30 UTC  ovs failed, ovn not started\n",
    );
    expect(text).toContain("\n  kovn-build report --open ");
  });

  test("shows what cannot be read of an earlier build, and goes on", async ({ folder }) => {
    const project = await writeProject(folder, { "dist/linux/artifacts.json": "{", "dist/other/artifacts.json": manifest() });
    const text = await statusOf(project);
    expect(text).toContain("\n  dist/linux  dist/linux/artifacts.json cannot be read as JSON.\n");
    expect(text).toContain("\n  dist/other  line 1.12, default, amd64");
  });

  test("shows control characters, and no secret", async ({ folder }) => {
    const project = await writeProject(folder, {
      [newest]: lines([0, begin], [1, { ...plan, line: "\u001B]0;hunter22\u0007" }]),
    });
    const { stdout } = await kovnBuild(project, [], { MY_TOKEN: "hunter22", FORCE_COLOR: "1" });
    expect(stdout).toContain(String.raw`line \x1b]0;***\x07`);
  });

  test("has colors with FORCE_COLOR: red for failed, yellow for warnings, green for done", async ({ folder }) => {
    const project = await writeProject(folder, {
      "patches/lines.yaml": "default: '1.0'\nlines: [{ line: '1.0', supportedUntil: '2020' }]\n",
      "dist/linux/artifacts.json": "{",
      [newest]: lines([0, begin], [1, plan], [2, { event: "done", folder: "dist/linux", duration: 2, artifacts: [] }]),
    });
    const { stdout } = await kovnBuild(project, [], { FORCE_COLOR: "1" });
    const text = stdout.replaceAll("\u001b", "ESC");
    expect(text).toMatch(/^ {2}dist\/linux {2}ESC\[31mdist\/linux\/artifacts\.json cannot be read as JSON\.ESC\[39m$/m);
    expect(text).toMatch(/^ {2}--line 1\.0 {2}.* ESC\[33msupport endedESC\[39m$/m);
    expect(text).toMatch(/^ {2}\S+ {2}ESC\[32mdoneESC\[39m {2}linux/m);
    expect(await statusOf(project)).toBe(stripVTControlCharacters(stdout));
  });

  test("names the file and the line of what is wrong with the project", async ({ folder }) => {
    const project = await writeProject(folder, { "pipelines/test.yaml": "name: test\ntarget: linux\njobs: wrong\n" });
    expect(await kovnBuild(project, [])).toMatchObject({
      exitCode: 2,
      stdout: "",
      stderr: expect.stringContaining("pipelines/test.yaml:3:") as string,
    });
  });

  test("outside of a project shows the help", async ({ folder }) => {
    await mkdir(join(folder, "empty"));
    const { exitCode, stdout, stderr } = await kovnBuild(join(folder, "empty"), []);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    for (const text of ["Usage: kovn-build [options] [command]", "No command given.", "-> kovn-build --target linux"])
      expect(stderr).toContain(text);
  });
});

function manifest(): string {
  return JSON.stringify(aManifest([]));
}

test("status --json has the same", async ({ folder }) => {
  const project = await writeProject(folder, {
    "dist/linux/artifacts.json": manifest(),
    [newest]: lines([0, begin], [1, plan], [2, { event: "job-cached", job: "ovs", finished: "", duration: 1 }]),
  });
  await writeFiles(project, { "dist/broken/artifacts.json": "{" });
  const { exitCode, stdout, stderr } = await kovnBuild(project, ["status", "--json"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const date = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
  expect(JSON.parse(stdout)).toEqual({
    schema: 1,
    project,
    targets: [{ target: "linux", jobs: ["demo"], variants: ["default"] }],
    lines: [{ name: "1.0", default: true, ended: false }],
    built: [
      { folder: "dist/broken", problem: "dist/broken/artifacts.json cannot be read as JSON." },
      { folder: "dist/linux", target: "linux", line: "1.12", variant: "default", arch: "amd64", artifacts: 0, written: date },
    ],
    lastRun: {
      run: "29991231T000000Z-1",
      state: "killed",
      ended: date,
      plan: { target: "linux", line: "1.12", variant: "default", arch: "amd64" },
      jobs: [
        { job: "ovs", state: "cached" },
        { job: "ovn", state: "not started" },
      ],
    },
    next: [
      { command: "kovn-build report --open", effect: "see what went wrong in the last run" },
      { command: "kovn-build doctor --target linux", effect: "check what is missing on this machine" },
      { command: "kovn-build --target linux", effect: "build what changed" },
      { command: "kovn-build verify", effect: "check what was built" },
      { command: "kovn-build publish --to apt=DIR", effect: "publish it" },
      { command: "kovn-build --help", effect: "list all commands" },
    ],
  });
});
