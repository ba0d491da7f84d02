import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { readProgress, rebase as rebaseHere } from "../../src/patches/rebase/rebase.ts";
import { cli, kovnBuild, type CliResult } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { until } from "../helpers/processes.ts";
import { demo, inGit, replaceLine, mail, writeFiles } from "../helpers/project.ts";
import { rewrite } from "../helpers/picks.ts";
import {
  contextOf,
  threeRoots,
  letters,
  line,
  lines,
  makeRebase,
  resolveConflicts,
  statePath,
  treePath,
  type RebaseFixture,
} from "../helpers/rebase.ts";

const twenty = lines(20);

async function rebase(project: string, ...args: readonly string[]): Promise<CliResult> {
  return kovnBuild(project, ["patches", "rebase", "demo", ...args]);
}

/** Resolves what waits and goes on, in this process, until no patch waits. Returns the files that had to be merged. */
async function goOn(project: string): Promise<readonly string[]> {
  const stops: string[] = [];
  for (;;) {
    stops.push(...(await resolveConflicts(project)));
    if ("rangeDiff" in (await rebaseHere({ kind: "continue" }, contextOf(project)))) return stops;
  }
}

/** Nothing of the rebase is left but what git remembers. */
function isClean(project: string): boolean {
  return !existsSync(join(project, treePath)) && !existsSync(join(project, statePath));
}

const seeds =
  "- { entry: 1, source: demo, repository: kubeovn/demo, commit: aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd, title: Taken }\n";

/** A series of which upstream took a part, with a pick, comments and packaging patches. */
const whole: RebaseFixture = {
  files: { f: twenty, g: twenty, "configure.ac": "AC_INIT(demo, 1.2.3, bugs)\n", "debian/rules": "all:\n" },
  next: [
    { subject: "Take it", edits: { g: line("5", "five five five") } },
    { subject: "Release", edits: { "configure.ac": () => "AC_INIT(demo, 1.3.0, bugs)\n", f: line("13", "thirteen") } },
    { subject: "Fix", edits: { f: line("1", "one") } },
  ],
  series: [
    { name: "near.patch", subject: "Near", edits: { f: line("15", "fifteen") } },
    { name: "taken.patch", subject: "Taken", seed: "aaaaaaaaaa", edits: { g: line("5", "five five five") } },
    { name: "far.patch", subject: "Far", edits: { g: line("15", "fifteen") } },
  ],
  project: {
    "patches/seed.yaml": seeds,
    [`${demo}/packaging/series`]: "rules.patch\n",
    [`${demo}/packaging/rules.patch`]: mail("Rules", replaceLine("debian/rules", "all:", "some:")),
    [`${demo}/notes.txt`]: "kept\n",
  },
};

describe("patches rebase", () => {
  test("moves patches, pin, version, revision and lock, and what upstream took", async ({ folder }) => {
    const { project, upstream, ids } = await makeRebase(folder, whole);
    await inGit(upstream, "tag", "v1.3.0", ids[1] ?? "");
    await inGit(upstream, "tag", "v1.3.1", ids[2] ?? "");
    await rewrite(join(project, demo, "series"), (text) => `# First.\n${text.replace("taken", "# Gone.\ntaken")}`);
    await rewrite(join(project, demo, "source.yaml"), (text) =>
      text.replace("version: 1.2.3", "version: 1.2.3 # kept").concat(`picks: [{ commit: ${ids[2]}, why: fix }]\n# End.\n`),
    );
    expect(await kovnBuild(project, ["patches", "lock"])).toMatchObject({ exitCode: 0 });
    const before = await contentOf(join(project, demo));
    const result = await rebase(project, "--onto", "next");
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(isClean(project)).toBe(true);
    const after = await contentOf(join(project, demo));
    const effect = 'effect: { file: g, text: "five five five" }';
    expect(after["source.yaml"]).toBe(
      `upstream: ${upstream}\nbranch: next\ncommit: ${ids[2]}\nversion: 1.3.0 # kept\nrevision: 2\n# End.\nmerged:\n  - { seed: aaaaaaaaaa, commit: ${ids[0]}, since: 1.3.0, ${effect} }\n`,
    );
    expect(after["series"]).toBe("# First.\nnear.patch\nfar.patch\n");
    expect(after["far.patch"]).toBe(before["far.patch"]);
    expect(after["packaging/rules.patch"]).toBe(before["packaging/rules.patch"]);
    expect(after["notes.txt"]).toBe("kept\n");
    expect(after["near.patch"]).toContain("\n thirteen\n");
    expect(after["taken.patch"]).toBeUndefined();
    expect(result.stdout).toContain(`pick ${ids[2]?.slice(0, 12)} (fix) is dropped: already upstream\n`);
    expect(result.stdout).toContain("    2  taken.patch            dropped: already upstream\n");
    expect(result.stdout).toContain("entry aaaaaaaaaa of the seed is merged upstream\n");
    expect(result.stdout).toMatch(/^1: {2}\w+ ! 1: {2}\w+ Near$/m);
    const check = await kovnBuild(project, ["patches", "check"]);
    expect(check, check.stdout).toMatchObject({ exitCode: 0 });
  });

  test("needs no upstream to go on", async ({ folder }) => {
    const { project, upstream } = await makeRebase(folder, {
      ...whole,
      next: [...whole.next, { subject: "Ten", edits: { f: line("10", "ten") } }],
      series: [...whole.series, { name: "ten.patch", subject: "Tenth", edits: { f: line("10", `10\nmore`) } }],
    });
    expect(await rebase(project, "--onto", "next")).toMatchObject({ exitCode: 1 });
    await resolveConflicts(project);
    await rename(upstream, `${upstream}.away`);
    const result = await rebase(project, "--continue");
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(project, demo, "source.yaml"), "utf8")).toContain("seed: aaaaaaaaaa, commit: ");
    expect(await readFile(join(project, demo, "source.yaml"), "utf8")).toContain("since: 1.3.0, ");
  });

  test("lets a person resolve the roots; killed in the middle, it goes on, with the same result", async ({ folder }) => {
    const { project: first } = await makeRebase(join(folder, "whole"), threeRoots);
    const stopped = await rebase(first, "--onto", "next", "--json");
    expect(stopped).toMatchObject({ exitCode: 1 });
    expect(JSON.parse(stopped.stdout)).toMatchObject({ finished: false, moved: [], stopped: "a.patch", files: ["a"] });
    expect(stopped.stderr).toContain("Patch `a.patch` conflicts in a.");
    expect(stopped.stderr).toContain("--continue --line 1.0");
    expect(await goOn(first)).toEqual(letters);
    const { project } = await makeRebase(join(folder, "killed"), threeRoots);
    const state = join(project, statePath);
    const movedNow = () => {
      try {
        return (JSON.parse(readFileSync(state, "utf8")) as { moved: unknown[] }).moved.length;
      } catch {
        return -1;
      }
    };
    const killAt = async (args: readonly string[], isTime: () => boolean) => {
      const child = spawn(process.execPath, [cli, "patches", "rebase", "demo", ...args], {
        cwd: project,
        env: { PATH: process.env["PATH"] ?? "", HOME: project },
        stdio: "ignore",
      });
      const end = once(child, "exit");
      await until("the rebase is so far", () => isTime() || child.exitCode !== null, 100_000);
      child.kill("SIGKILL");
      await end;
    };
    /** The patch that waits, now or after the rebase went on. */
    const stop = async () => {
      const now = await readProgress(contextOf(project));
      if (now?.state.stopped !== undefined) return now.state.stopped;
      const next = await rebaseHere({ kind: "continue" }, contextOf(project));
      return next.state.stopped;
    };
    await killAt(["--onto", "next"], () => existsSync(state));
    await killAt(["--continue"], () => existsSync(join(project, treePath, ".git/refs/heads/moved")));
    for (const [index, file] of letters.entries()) {
      expect(await stop()).toBe(`${file}.patch`);
      await resolveConflicts(project);
      if (file !== letters.at(-1)) await killAt(["--continue"], () => movedNow() > index);
    }
    await killAt(["--continue"], () => movedNow() >= 5);
    await killAt(["--continue"], () => !existsSync(state) || readFileSync(state, "utf8").includes('"written"'));
    // It may have ended before it was killed.
    if (existsSync(state)) expect(await rebase(project, "--continue")).toMatchObject({ exitCode: 0 });
    const files = async (of: string) => {
      const { "source.yaml": yaml, ...rest } = await contentOf(join(of, demo));
      return { ...rest, yaml: yaml?.replace(/upstream: .*/, "") };
    };
    const made = await files(project);
    expect(made).toEqual(await files(first));
    expect(made).toMatchObject({ "a.patch": expect.stringContaining("\n ten of a\n+block 0\n") as string });
    expect(isClean(project)).toBe(true);
  });

  test("goes on although git was killed too, and left locks", async ({ folder }) => {
    const { project } = await makeRebase(folder, { ...threeRoots, series: threeRoots.series.slice(0, 2) });
    await rebase(project, "--onto", "next");
    await resolveConflicts(project);
    const git = join(project, treePath, ".git");
    const state = join(project, statePath);
    // As it was when a run was killed while it read what the person made.
    await writeFile(state, (await readFile(state, "utf8")).replace('"stopped"', '"taking": true,\n  "stopped"'));
    for (const lock of ["index.lock", "MERGE_RR.lock", "refs/heads/moved.lock"]) await writeFile(join(git, lock), "");
    const next = await rebase(project, "--continue");
    expect(next.stderr).toContain("Patch `b.patch` conflicts in b.");
    // As it was when a run was killed before it said that a patch waits.
    await writeFile(state, (await readFile(state, "utf8")).replace(/,\s*"stopped": "b.patch"/, ""));
    await writeFile(join(git, "index.lock"), "");
    expect((await rebase(project, "--continue")).stderr).toContain("Patch `b.patch` conflicts in b.");
    // That of a person's git is theirs.
    await resolveConflicts(project);
    await writeFile(join(git, "index.lock"), "");
    expect((await rebase(project, "--continue")).stderr).toContain("index.lock");
  });

  test("remembers how a conflict was resolved, also after --abort", async ({ folder }) => {
    const { project } = await makeRebase(folder, { ...threeRoots, series: threeRoots.series.slice(0, 1) });
    const before = await contentOf(join(project, "patches"));
    await rebase(project, "--onto", "next");
    await resolveConflicts(project);
    const tree = join(project, treePath);
    await inGit(tree, "rerere");
    const aborted = await rebase(project, "--abort");
    expect(aborted).toMatchObject({ exitCode: 0, stdout: "The rebase of demo onto next is ended; nothing changed." });
    expect(isClean(project)).toBe(true);
    expect(await contentOf(join(project, "patches"))).toEqual(before);
    const result = await rebase(project, "--onto", "next");
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toContain("a.patch  resolved");
  });

  test("takes the commit that a person made, and drops what they skip", async ({ folder }) => {
    const { project } = await makeRebase(folder, { ...threeRoots, series: threeRoots.series.slice(0, 2) });
    await rebase(project, "--onto", "next");
    await resolveConflicts(project);
    const tree = join(project, treePath);
    await inGit(tree, "commit", "--quiet", "--no-edit");
    await inGit(
      tree,
      "commit",
      "--quiet",
      "--amend",
      "--message",
      (await inGit(tree, "log", "-1", "--format=%B")).replace("Why.", "Because."),
    );
    const next = await rebase(project, "--continue");
    expect(next.stderr).toContain("Patch `b.patch` conflicts in b.");
    const status = await rebase(project, "--status");
    expect(status).toMatchObject({ exitCode: 0 });
    expect(status.stdout).toContain("demo: rebase onto next (");
    expect(status.stdout).toContain("1 of 2 patches done\n\n    1  a.patch  resolved\n    2  b.patch  conflicts\n");
    const end = await rebase(project, "--skip");
    expect(end, end.stderr).toMatchObject({ exitCode: 0 });
    expect(end.stdout).toContain("b.patch  dropped: skipped");
    expect(await readFile(join(project, demo, "series"), "utf8")).toBe("a.patch\n");
    expect(await readFile(join(project, demo, "a.patch"), "utf8")).toContain("\nBecause.\n");
    expect((await rebase(project, "--status")).stdout).toBe("No rebase of `demo` is unfinished.");
  });

  test("writes a series that was in the wrong order in the right one", async ({ folder }) => {
    const { project } = await makeRebase(folder, {
      files: { f: twenty },
      next: [{ subject: "Begin", edits: { f: line("1", "one") } }],
      series: [
        { name: "fifteen.patch", subject: "Fifteen", edits: { f: line("15", "fifteen") } },
        { name: "roman.patch", subject: "Roman", edits: { f: line("fifteen", "XV") } },
      ],
      order: ["roman.patch", "fifteen.patch"],
    });
    const result = await rebase(project, "--onto", "next");
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(project, demo, "series"), "utf8")).toBe("fifteen.patch\nroman.patch\n");
  });
});

test("patches rebase waits at a pick that does not apply, and says how to leave files out", async ({ folder }) => {
  const { project, upstream } = await makeRebase(folder, { ...threeRoots, series: [] });
  await writeFiles(upstream, { a: line("10", "X")(twenty) });
  await inGit(upstream, "commit", "--quiet", "--all", "--message", "Only here");
  const pick = await inGit(upstream, "rev-parse", "HEAD");
  await rewrite(join(project, demo, "source.yaml"), (text) => `${text}picks: [{ commit: ${pick}, why: x }]\n`);
  const result = await rebase(project, "--onto", "next", "--json");
  expect(result).toMatchObject({ exitCode: 1 });
  expect(JSON.parse(result.stdout)).toMatchObject({ stopped: "only-here.patch", pick, files: ["a"] });
  expect(result.stderr).toContain(`Pick \`${pick.slice(0, 12)}\`, which becomes patch \`only-here.patch\`, conflicts in a.`);
  expect(result.stderr).toContain("; or --abort, and `without` in source.yaml for files that no package is built from");
});

describe("patches rebase refuses, and writes nothing,", () => {
  test("what is not one of its modes, or has nothing to go on with", async ({ folder }) => {
    const { project } = await makeRebase(folder, { ...threeRoots, series: threeRoots.series.slice(0, 1) });
    const before = await contentOf(join(project, "patches"));
    const one = "Expected one of `--onto`, `--continue`, `--skip`, `--abort` and `--status`.";
    for (const args of [[], ["--onto", "next", "--continue"], ["--skip", "--abort"], ["--dry-run"]])
      expect(await rebase(project, ...args)).toMatchObject({
        exitCode: 2,
        stdout: "",
        stderr: expect.stringContaining(one) as string,
      });
    for (const args of ["--continue", "--skip", "--abort"]) {
      const result = await rebase(project, args);
      expect(result).toMatchObject({ exitCode: 2, stdout: "" });
      expect(result.stderr).toContain("No rebase of `demo` is unfinished.");
    }
    expect((await kovnBuild(project, ["patches", "rebase", "../x", "--status"])).stderr).toContain("Source `../x` is unknown.");
    expect(await contentOf(join(project, "patches"))).toEqual(before);
  });

  test("a second rebase over an unfinished one", async ({ folder }) => {
    const { project } = await makeRebase(folder, { ...threeRoots, series: threeRoots.series.slice(0, 1) });
    await rebase(project, "--onto", "next");
    const result = await rebase(project, "--onto", "next");
    expect(result).toMatchObject({ exitCode: 2, stdout: "" });
    expect(result.stderr).toContain("The rebase of `demo` onto `next` is not finished.");
    expect(result.stderr).toContain("-> kovn-build patches rebase demo --continue --line 1.0");
  });

  test("what is not resolved: conflicts, marks, what is not staged, nothing left, several commits", async ({ folder }) => {
    const { project } = await makeRebase(folder, { ...threeRoots, series: threeRoots.series.slice(0, 1) });
    await rebase(project, "--onto", "next");
    const tree = join(project, treePath);
    const refusal = async () => {
      const result = await rebase(project, "--continue");
      expect(result).toMatchObject({ exitCode: 2, stdout: "" });
      return result.stderr;
    };
    expect(await refusal()).toContain("Patch `a.patch` is not merged: conflicts are left in a.");
    await inGit(tree, "add", "a");
    expect(await refusal()).toContain("marks of conflicts are left in a.");
    await writeFile(join(tree, "a"), twenty);
    expect(await refusal()).toContain("changes are not staged in a.");
    await inGit(tree, "checkout", "--quiet", "HEAD", "--", "a");
    expect(await refusal()).toContain("Nothing of patch `a.patch` is left");
    await writeFile(join(tree, "a"), "1\n");
    await inGit(tree, "commit", "--quiet", "--all", "--message", "No fields");
    expect(await refusal()).toContain("lacks Origin, Forwarded, Seed, Last-Update.");
    await inGit(tree, "commit", "--quiet", "--allow-empty", "--message", "Two");
    expect(await refusal()).toContain("is not one commit on");
  });

  test("a source that changed meanwhile", async ({ folder }) => {
    const { project } = await makeRebase(folder, { ...threeRoots, series: threeRoots.series.slice(0, 1) });
    await rebase(project, "--onto", "next");
    await resolveConflicts(project);
    await writeFiles(project, { [`${demo}/notes.txt`]: "new\n" });
    const before = await contentOf(join(project, "patches"));
    const result = await rebase(project, "--continue");
    expect(result).toMatchObject({ exitCode: 2, stdout: "" });
    expect(result.stderr).toContain("patches/1.0/demo changed since the rebase began");
    expect(await contentOf(join(project, "patches"))).toEqual(before);
  });
});
