import { readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Verdict, Verification } from "../../src/index.ts";
import { makeBin } from "../helpers/bin.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { editManifest } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import { demo, mail, makeProject, pipelineYaml, replaceLine, writeFiles } from "../helpers/project.ts";

const rebuild = ["verify", "--no-run", "--rebuild"];

/** Makes and builds a project whose step runs this script. */
async function built(folder: string, script = "cp greeting.txt ../out/"): Promise<string> {
  const project = await makeProject(folder, { "pipelines/test.yaml": pipelineYaml(script) });
  expect(await kovnBuild(project, ["--target", "linux", "--unlocked"])).toMatchObject({ exitCode: 0 });
  return project;
}

/** Verifies the build of a project, with a second build. */
async function verified(project: string, env: Readonly<Record<string, string>> = {}) {
  const { exitCode, stdout, stderr } = await kovnBuild(project, [...rebuild, "--json"], env);
  const { verified: found } = JSON.parse(stdout) as { readonly verified: readonly Verification[] };
  const verdict = found[0]?.checks.find(({ check }) => check === "reproducible");
  return { exitCode, stderr, verdict: verdict as Verdict };
}

const runsOf = async (project: string) => (await readdir(join(project, ".kovn/runs"))).toSorted();

test("a second build with the same bytes passes, and is recorded", async ({ folder }) => {
  const project = await built(folder);
  const { verdict } = await verified(project);
  expect(verdict).toMatchObject({ verdict: "pass", problems: [] });
  expect(verdict.evidence).toEqual([
    expect.stringMatching(
      /^1 file with 0\.0 kB are bit-identical in the build of .* UTC in .*\/\.kovn\/runs\/[\w-]+\/elsewhere\/deeper: TZ=KOVN[+-]23, LC_ALL=C, umask 0002, no cache\.$/,
    ),
  ]);
  const record = JSON.parse(await readFile(join(project, "dist/linux/verified.json"), "utf8")) as unknown;
  expect(record).toMatchObject({ checks: { reproducible: "pass" } });
  // The job ran, and its run is kept whole; the folder for the second result is removed.
  const [, second = ""] = await runsOf(project);
  const events = await readFile(join(project, ".kovn/runs", second, "events.jsonl"), "utf8");
  expect(events).toContain('"outcome":"built"');
  expect(events.trimEnd().split("\n").at(-1)).toContain('"event":"done"');
  expect(await readdir(join(project, ".kovn/tmp"))).toEqual([]);
});

/** Files that say something of the build: no second one has the same. */
const spoiled: Readonly<Record<string, string>> = {
  clock: "date +%s%N",
  date: "date +%F",
  depth: "pwd | tr -dc /",
  folder: "pwd",
  locale: "locale charmap",
  mask: "umask",
  zone: "date -d @0 +%H",
};

test("a build fails for each file into which it puts the folder, date, time zone, locale or umask", async ({ folder }) => {
  const scripts = Object.entries(spoiled).map(([name, script]) => `${script} > ../out/${name}.txt`);
  const project = await built(folder, ["cp greeting.txt ../out/", ...scripts].join("\n"));
  await using bin = await makeBin({ diffoscope: "exit 2" });
  const { exitCode, stderr, verdict } = await verified(project, { PATH: `${bin.path}:${process.env["PATH"]}` });
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("Not verified: dist/linux (") });
  expect(verdict).toMatchObject({ verdict: "fail", evidence: [expect.stringMatching(/^1 file with .* are bit-identical/)] });
  const digests = /^(\w+)\.txt differs: sha256 [0-9a-f]{64}, in the second build [0-9a-f]{64}\.$/;
  expect(verdict.problems.flatMap((row) => digests.exec(row)?.[1] ?? []).toSorted()).toEqual(Object.keys(spoiled));
});

test("diffoscope explains what differs, and its report stays in the folder of the run", async ({ folder }) => {
  const project = await built(folder, "pwd > ../out/spoiled.txt");
  // Its arguments end with: --text REPORT FIRST SECOND.
  const says = `shift $(($# - 3)); { echo; cat "$2" "$3"; } > "$1"; exit 1`;
  await using bin = await makeBin({ diffoscope: says });
  const { verdict } = await verified(project, { PATH: `${bin.path}:${process.env["PATH"]}` });
  const [first, second] = (await runsOf(project)).map((run) => join(project, ".kovn/runs", run));
  const report = `${second}/diffoscope/spoiled.txt.txt`;
  expect(verdict.problems.slice(1)).toEqual([
    `${first}/demo/src`,
    `${second}/elsewhere/deeper/demo/src`,
    `The whole report of diffoscope is ${report}`,
  ]);
  expect(await readFile(report, "utf8")).toContain("elsewhere");
});

test("a second build that fails proves nothing", async ({ folder }) => {
  const project = await built(folder, '[ "$LC_ALL" = C.UTF-8 ]; cp greeting.txt ../out/');
  const { exitCode, verdict } = await verified(project);
  expect({ exitCode, ...verdict }).toMatchObject({ exitCode: 1, verdict: "fail", evidence: [] });
  expect(verdict.problems).toEqual([expect.stringMatching(/^There is no evidence: Job `demo`, step 1 \(shell\): `sh` failed/)]);
});

describe("a build that the project would make otherwise now is not built again", () => {
  test("with the patch that changed", async ({ folder }) => {
    const project = await built(folder);
    const change = replaceLine("greeting.txt", "hello world", "hello everybody");
    await writeFiles(project, { [`${demo}/greet-all.patch`]: mail("Greet all", change) });
    const { exitCode, verdict } = await verified(project);
    expect({ exitCode, ...verdict }).toMatchObject({ exitCode: 1, verdict: "fail", evidence: [] });
    expect(verdict.problems).toEqual([
      "There is no evidence: job `demo` is another one now (patch greet-all.patch: changed), so it cannot be built again.",
    ]);
    expect(await runsOf(project)).toHaveLength(1);
  });

  test("with the step that changed, also of a build that recorded fewer details", async ({ folder }) => {
    const project = await built(folder);
    await writeFiles(project, { "pipelines/test.yaml": pipelineYaml("cp numbers.txt ../out/") });
    const of = async () => (await verified(project)).verdict.problems;
    expect(await of()).toEqual([expect.stringContaining("(step 1 (shell): changed)")]);
    await editManifest(join(project, "dist/linux"), (manifest) => ({
      ...manifest,
      jobs: manifest.jobs.map(({ parts: _, ...job }) => job),
    }));
    expect(await of()).toEqual([expect.stringContaining("(a part of the pipeline's job, or of a job that it needs, changed)")]);
  });
});

describe("an error, before any check runs, is", () => {
  test("a build of a line that the project does not have any more", async ({ folder }) => {
    const project = await built(folder);
    await rename(join(project, "patches/1.0"), join(project, "patches/2.0"));
    expect(await kovnBuild(project, rebuild)).toMatchObject({
      exitCode: 2,
      stdout: "",
      stderr:
        "dist/linux cannot be built again: Line `1.0` is unknown. Available: `2.0`.\n  -> verify it with the project as it was when it was built",
    });
  });

  test("a build of a job that the pipeline does not have any more", async ({ folder }) => {
    const project = await built(folder);
    const path = join(project, "pipelines/test.yaml");
    await writeFile(path, (await readFile(path, "utf8")).replace("  demo:", "  other:"));
    expect(await kovnBuild(project, rebuild)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/dist\/linux cannot be built again: Job `demo`/),
    });
  });

  test("one file of a build", async ({ folder }) => {
    const project = await built(folder);
    expect(await kovnBuild(project, [...rebuild, "dist/linux/greeting.txt"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(
        "`--rebuild` builds a whole build again, and dist/linux/greeting.txt is one file of it.\n  -> kovn-build verify --rebuild dist/linux",
      ),
    });
  });

  test("`--from` without a second build", async ({ folder }) => {
    expect(await kovnBuild(folder, ["verify", "--from", "ovs=/tmp/ovs"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("`--from` says where `--rebuild` takes sources from"),
    });
  });
});
