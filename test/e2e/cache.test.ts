import { existsSync, readFileSync, readdirSync } from "node:fs";
import { appendFile, chmod, mkdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Manifest } from "../../src/index.ts";
import { stagingOf } from "../../src/sys/staging.ts";
import { cli, kovnBuild, run } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { asNobody, canMount, onReadOnlyDisk, onSmallDisk } from "../helpers/isolate.ts";
import { changeJobs, makeJobs, startBuild, type Jobs } from "../helpers/jobs.ts";
import { until } from "../helpers/processes.ts";
import { demo, mail, replaceLine, writeFiles } from "../helpers/project.ts";

const build = ["--target", "linux"];
const cacheOf = (project: string) => join(project, ".kovn/cache");
const manifestOf = async (project: string) =>
  JSON.parse(await readFile(join(project, "dist/linux/artifacts.json"), "utf8")) as Manifest;

/** What a build said of its jobs: `one: cached`, `two: built`, in order. */
function reportOf({ stderr }: { readonly stderr: string }): readonly string[] {
  return [...stderr.matchAll(/^(\S+): (cached|built|failed|not built)\b/gm)].map(([, job, what]) => `${job}: ${what}`);
}

/** Builds, and returns what was reported about the jobs; fails the test when the build fails. */
async function building(project: string, ...more: readonly string[]): Promise<readonly string[]> {
  const result = await kovnBuild(project, [...build, ...more]);
  expect(result.exitCode, result.stderr).toBe(0);
  return reportOf(result);
}

/** Three jobs: `two` uses a file that `one` made, `other` stands alone. */
const three: Jobs = {
  one: { script: "mkdir ../lib; echo made > ../lib/made.txt; ln -s made.txt ../lib/link.txt", outputs: ["lib"] },
  two: { script: "cat ../../one/lib/link.txt > ../out/of-one.txt", needs: ["one"] },
  other: {},
};

/** The folder of the only result. */
function resultOf(project: string): string {
  const [name = ""] = readdirSync(join(cacheOf(project), "jobs"));
  return join(cacheOf(project), "jobs", name);
}

describe("a second build", () => {
  test("runs no job, needs no upstream, and leaves a complete dist unchanged", async ({ folder }) => {
    const project = await makeJobs(folder, three);
    expect(await building(project)).toEqual(expect.arrayContaining(["one: built", "two: built", "other: built"]));
    const before = await contentOf(join(project, "dist"));
    await rename(join(folder, "upstream"), join(folder, "away"));
    await rm(join(project, ".kovn/mirrors"), { recursive: true });
    expect(await building(project)).toEqual(["one: cached", "two: cached", "other: cached"]);
    expect(await contentOf(join(project, "dist"))).toEqual(before);
    const [, last = ""] = readdirSync(join(project, ".kovn/runs")).toSorted();
    expect(readdirSync(join(project, ".kovn/runs", last)).toSorted()).toEqual(["artifacts.json", "events.jsonl"]);
  });

  test("asks dpkg once, however many jobs there are, and nothing else of the machine", async ({ folder }) => {
    const project = await makeJobs(folder, three);
    await building(project);
    const asked = join(folder, "asked");
    const programs = ["dpkg-query", "dpkg-deb", "apt-get", "apt-cache", "git"];
    const script = (name: string) => `#!/bin/sh\necho ${name} >> ${asked}\nexec /usr/bin/${name} "$@"\n`;
    await writeFiles(folder, Object.fromEntries(programs.map((name) => [`bin/${name}`, script(name)])));
    const result = await kovnBuild(project, build, { PATH: `${folder}/bin:/usr/bin:/bin` });
    expect(reportOf(result)).toEqual(["one: cached", "two: cached", "other: cached"]);
    const called = (await readFile(asked, "utf8")).trim().split("\n");
    expect(called.filter((name) => name !== "git")).toEqual(["dpkg-query"]);
  });

  test("fixes a dist in which a file was changed or removed", async ({ folder }) => {
    const project = await makeJobs(folder, { one: {}, two: {} });
    await building(project);
    const dist = join(project, "dist/linux");
    const before = await contentOf(dist);
    const harm: readonly (() => Promise<void>)[] = [
      () => appendFile(join(dist, "one.txt"), "x"),
      () => rm(join(dist, "two.txt")),
      () => rm(dist, { recursive: true }),
    ];
    for (const harmOne of harm) {
      await harmOne();
      expect(await building(project)).toEqual(["one: cached", "two: cached"]);
      expect(await contentOf(dist)).toEqual(before);
    }
  });

  test("builds what changed and what needs it, with the cached outputs of the rest", async ({ folder }) => {
    const project = await makeJobs(folder, three);
    await building(project);
    await changeJobs(project, { ...three, two: { ...three["two"], script: "cat ../../one/lib/link.txt > ../out/new.txt" } });
    const result = await kovnBuild(project, build);
    expect(reportOf(result)).toEqual(["one: cached", "other: cached", "two: built"]);
    expect(result.stderr).toContain("step 1 (shell): changed");
    expect(await readFile(join(project, "dist/linux/new.txt"), "utf8")).toBe("made\n");
    await changeJobs(project, {
      ...three,
      one: { ...three["one"], script: `${three["one"]?.script}; echo more > ../out/more.txt` },
    });
    expect(await building(project)).toEqual(["other: cached", "one: built", "two: built"]);
  });

  test("builds a job again that declares no outputs, when another job uses them", async ({ folder }) => {
    const one = { script: "echo 1 > ../secret.txt" };
    const project = await makeJobs(folder, { one, two: { needs: ["one"], script: "cat ../../one/secret.txt" } });
    await building(project);
    await changeJobs(project, { one, two: { needs: ["one"], script: "cat ../../one/secret.txt; true" } });
    expect(await building(project)).toEqual(["one: built", "two: built"]);
  });

  test("is not affected by what a job wrote into the files of another", async ({ folder }) => {
    const one = { script: "mkdir ../lib; echo made > ../lib/made.txt", outputs: ["lib"] };
    const writing = (more: string) => `echo ${more} >> ../../one/lib/made.txt; cp ../../one/lib/made.txt ../out/two.txt`;
    const project = await makeJobs(folder, { one, two: { needs: ["one"], script: writing("first") } });
    expect(await building(project)).toEqual(["one: built", "two: built"]);
    for (const more of ["second", "third"]) {
      await changeJobs(project, { one, two: { needs: ["one"], script: writing(more) } });
      expect(await building(project)).toEqual(["one: cached", "two: built"]);
      expect(await readFile(join(project, "dist/linux/two.txt"), "utf8")).toBe(`made\n${more}\n`);
    }
  });

  test("uses no cached result and caches none with --no-cache", async ({ folder }) => {
    const project = await makeJobs(folder, { one: {} });
    expect(await building(project, "--no-cache")).toEqual(["one: built"]);
    expect(existsSync(cacheOf(project))).toBe(false);
    expect((await manifestOf(project)).jobs[0]).not.toHaveProperty("parts");
    await building(project);
    expect((await manifestOf(project)).jobs[0]?.parts).toMatchObject({ job: "one", target: "linux" });
    expect(await building(project, "--no-cache")).toEqual(["one: built"]);
  });

  test("notices restored flags, a changed patch and another revision", async ({ folder }) => {
    const project = await makeJobs(folder, { one: {} });
    const pipeline = join(project, "pipelines/test.yaml");
    const old = await readFile(pipeline, "utf8");
    await building(project);
    await writeFile(pipeline, old.replaceAll("-O1", "-O3"));
    expect(await building(project)).toEqual(["one: built"]);
    await writeFile(pipeline, old);
    expect(await building(project)).toEqual(["one: cached"]);
    const source = join(project, demo, "source.yaml");
    await writeFile(source, (await readFile(source, "utf8")).replace("revision: 1", "revision: 2"));
    expect(await building(project)).toEqual(["one: built"]);
    expect((await manifestOf(project)).jobs[0]?.revision).toBe(2);
    await writeFiles(project, { [`${demo}/greet-all.patch`]: mail("All", replaceLine("greeting.txt", "hello world", "hi")) });
    expect((await kovnBuild(project, build)).stderr).toMatch(/^ {2}patch greet-all\.patch: changed$/m);
  });

  test("builds again what says another address of upstream", async ({ folder }) => {
    const project = await makeJobs(folder, { one: {} });
    await building(project);
    const source = join(project, demo, "source.yaml");
    await rename(join(folder, "upstream"), join(folder, "moved"));
    await writeFile(source, (await readFile(source, "utf8")).replace(`${folder}/upstream`, `${folder}/moved`));
    expect(await building(project)).toEqual(["one: built"]);
    const [job] = (await manifestOf(project)).jobs;
    expect(job?.base).toMatchObject({ url: join(folder, "moved") });
  });
});

describe("a build that was stopped", () => {
  test("by kill -9 does not repeat finished jobs", async ({ folder }) => {
    const started = join(folder, "started");
    const project = await makeJobs(folder, { one: {}, two: { needs: ["one"], script: `touch ${started}; sleep 3001` } });
    const killed = startBuild(project);
    await until("the second job runs", () => existsSync(started));
    process.kill(killed.pid, "SIGKILL");
    await killed.ended;
    await changeJobs(project, { one: {}, other: {} });
    expect(await building(project)).toEqual(["one: cached", "other: built"]);
  });

  test("by a failure finishes, with --keep-going, the jobs that do not need the failed one", async ({ folder }) => {
    const jobs: Jobs = {
      bad: { script: "exit 3" },
      worse: { script: "exit 4" },
      after: { needs: ["bad"] },
      late: { needs: ["good"] },
      good: {},
    };
    const project = await makeJobs(folder, jobs);
    const result = await kovnBuild(project, [...build, "--keep-going", "--jobs", "1"]);
    expect(result.exitCode).toBe(1);
    expect(reportOf(result).toSorted()).toEqual([
      "after: not built",
      "bad: failed",
      "good: built",
      "late: built",
      "worse: failed",
    ]);
    for (const said of ["2 jobs failed.", "exit code 3", "exit code 4"]) expect(result.stderr).toContain(said);
    expect(existsSync(join(project, "dist"))).toBe(false);
    await changeJobs(project, { ...jobs, bad: {}, worse: {} });
    expect((await building(project)).toSorted()).toEqual([
      "after: built",
      "bad: built",
      "good: cached",
      "late: cached",
      "worse: built",
    ]);
  });
});

describe("two builds at once", () => {
  test("build a job once: the second says that it waits, and uses the result", async ({ folder }) => {
    const [started, go] = [join(folder, "started"), join(folder, "go")];
    const project = await makeJobs(folder, {
      one: { script: `echo x >> ${started}; while [ ! -e ${go} ]; do sleep 0.1; done` },
    });
    const first = startBuild(project);
    await until("the job runs", () => existsSync(started));
    const second = startBuild(project);
    const waiting = "Another kovn-build is building job `one`: waiting for it (process ";
    await until("the second waits", () => second.said().includes(waiting));
    await writeFile(go, "");
    const [one, two] = await Promise.all([first.ended, second.ended]);
    expect([one.exitCode, two.exitCode]).toEqual([0, 0]);
    expect(await readFile(started, "utf8")).toBe("x\n");
    expect(reportOf(two)).toEqual(["one: cached"]);
  });

  test("build a job once that the first finishes while the second waits for another", async ({ folder }) => {
    const [ran, go] = [join(folder, "ran"), join(folder, "go")];
    const hold = (id: string) => `echo ${id} >> ${ran}; while [ ! -e ${go}-${id} ]; do sleep 0.1; done`;
    const project = await makeJobs(folder, { one: { script: hold("one") }, two: { script: hold("two") } });
    const count = () => (existsSync(ran) ? readFileSync(ran, "utf8").split("\n").length - 1 : 0);
    const first = kovnBuild(project, [...build, "--jobs", "2"]);
    await until("both jobs run", () => count() === 2);
    const second = startBuild(project, {}, ["--jobs", "1"]);
    await until("the second waits", () => second.said().includes("waiting for it"));
    await writeFile(`${go}-two`, "");
    const kept = join(cacheOf(project), "jobs");
    await until("a job is kept", () => existsSync(kept) && readdirSync(kept).some((name) => /^\w/.test(name)));
    await writeFile(`${go}-one`, "");
    const [, result] = await Promise.all([first, second.ended]);
    expect(reportOf(result)).toEqual(["one: cached", "two: cached"]);
    expect(count()).toBe(2);
  });
});

/** A job's script that writes down where ccache has its folder. */
const tellCcache = 'echo "${CCACHE_DIR:-none}" > ../out/ccache.txt';
const hasCcache = existsSync("/usr/lib/ccache/gcc");

describe("a damaged cache", () => {
  const harm: Readonly<Record<string, (entry: string) => Promise<void>>> = {
    "a truncated artifact": (entry) => truncate(join(entry, "files/out/one.txt"), 1),
    "an altered output": (entry) => writeFile(join(entry, "files/lib/made.txt"), "maid\n"),
    "a missing file": (entry) => rm(join(entry, "files/out/one.txt")),
    "a truncated description": (entry) => truncate(join(entry, "entry.json"), 100),
    "a description without content": (entry) => writeFile(join(entry, "entry.json"), "{}"),
    "a link to nowhere for a file": async (entry) => {
      await rm(join(entry, "files/out/one.txt"));
      await symlink("nowhere", join(entry, "files/out/one.txt"));
    },
    "a folder for a file": async (entry) => {
      await rm(join(entry, "files/out/one.txt"));
      await mkdir(join(entry, "files/out/one.txt"));
    },
    "an altered description": async (entry) => {
      const text = await readFile(join(entry, "entry.json"), "utf8");
      await writeFile(join(entry, "entry.json"), text.replace(/("artifacts":\[\{[^}]*"sha256":")[0-9a-f]{4}/, "$10000"));
    },
    "a description of another entry": async (entry) => {
      const text = await readFile(join(entry, "entry.json"), "utf8");
      await writeFile(join(entry, "entry.json"), text.replace(/"key":"[0-9a-f]{4}/, '"key":"0000'));
    },
    "a description that leads outside": async (entry) => {
      const text = await readFile(join(entry, "entry.json"), "utf8");
      await writeFile(join(entry, "entry.json"), text.replaceAll("out/one.txt", "../one.txt"));
    },
  };
  for (const [what, doHarm] of Object.entries(harm))
    test(`with ${what} removes the result with a notice, and builds the job again`, async ({ folder }) => {
      const one = three["one"] ?? {};
      const project = await makeJobs(folder, { one });
      await building(project);
      const before = await readFile(join(project, "dist/linux/one.txt"), "utf8");
      await doHarm(resultOf(project));
      await rm(join(project, "dist"), { recursive: true });
      await changeJobs(project, { one, two: { needs: ["one"] } });
      const result = await kovnBuild(project, build);
      expect(result.stderr).toMatch(/^notice: Cached result [0-9a-f]{12} is damaged \(.+\): it is removed/m);
      expect(result.exitCode).toBe(0);
      expect(reportOf(result)).toEqual(["one: built", "two: built"]);
      expect(await readFile(join(project, "dist/linux/one.txt"), "utf8")).toBe(before);
      expect((await building(project)).toSorted()).toEqual(["one: cached", "two: cached"]);
    });

  test("of a newer version is not used or changed, with a notice; its commands say what to do", async ({ folder }) => {
    const project = await makeJobs(folder, { one: {} });
    await writeFiles(project, { ".kovn/cache/version": "2\n" });
    for (const _ of [1, 2]) {
      const result = await kovnBuild(project, build);
      expect(result.stderr).toContain("has version 2; this kovn-build supports version 1. It is not used.");
      expect(reportOf(result)).toEqual(["one: built"]);
    }
    expect(await contentOf(cacheOf(project))).toEqual({ version: "2\n" });
    const result = await kovnBuild(project, ["cache", "prune"]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(`  -> update kovn-build (in its clone: git pull && npm ci), or rm -rf ${cacheOf(project)}`);
  });

  for (const [what, harmVersion] of [
    ["not a number", (file: string) => writeFile(file, "2.0-beta\n")],
    ["a folder", (file: string) => mkdir(file, { recursive: true })],
  ] as const)
    test(`whose version is ${what} is not used or changed, with a notice; its commands say what to do`, async ({ folder }) => {
      const project = await makeJobs(folder, { one: {} });
      await mkdir(cacheOf(project), { recursive: true });
      await harmVersion(join(cacheOf(project), "version"));
      const result = await kovnBuild(project, build);
      expect(result.stderr).toContain("version does not hold the cache's version. It is not used.");
      expect(reportOf(result)).toEqual(["one: built"]);
      const { exitCode, stderr } = await kovnBuild(project, ["cache", "list"]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`  -> rm -rf ${cacheOf(project)}`);
    });

  test("with a file instead of the folder of results is reported once, and the build succeeds; its commands say so", async ({
    folder,
  }) => {
    const project = await makeJobs(folder, { one: {}, two: {} });
    await writeFiles(project, { ".kovn/cache/jobs": "" });
    const result = await kovnBuild(project, build);
    expect(reportOf(result).toSorted()).toEqual(["one: built", "two: built"]);
    expect(result.exitCode, result.stderr).toBe(0);
    expect(result.stderr.match(/^notice: Results cannot be stored in .*: a part of the path is not a folder\.$/gm)).toHaveLength(
      1,
    );
    for (const words of [["list"], ["prune"]]) {
      const { exitCode, stderr } = await kovnBuild(project, ["cache", ...words]);
      expect(stderr).toContain(`Path ${join(cacheOf(project), "jobs")} cannot be used: a part of the path is not a folder.`);
      expect(exitCode).toBe(1);
    }
  });

  test.skipIf(!hasCcache)("of a newer version does not cache compilations either", async ({ folder }) => {
    const project = await makeJobs(folder, { one: { script: tellCcache } });
    await writeFiles(project, { ".kovn/cache/version": "2\n" });
    expect(await building(project)).toEqual(["one: built"]);
    expect(await readFile(join(project, "dist/linux/ccache.txt"), "utf8")).toBe("none\n");
  });

  test.skipIf(!hasCcache)("with a damaged result still compiles through ccache", async ({ folder }) => {
    const project = await makeJobs(folder, { one: { script: tellCcache } });
    await building(project);
    await writeFile(join(resultOf(project), "files/out/one.txt"), "altered");
    await rm(join(project, "dist"), { recursive: true });
    expect(await building(project)).toEqual(["one: built"]);
    expect(await readFile(join(project, "dist/linux/ccache.txt"), "utf8")).toBe(`${cacheOf(project)}/ccache\n`);
  });

  test.skipIf(!canMount || !hasCcache)("on a read-only disk does not stop compilations (needs root)", async ({ folder }) => {
    const compile = (extra: string) => ({ one: { script: `gcc -c lib/code.c -o ../out/code.txt ${extra}` } });
    const project = await makeJobs(folder, compile(""));
    await mkdir(cacheOf(project), { recursive: true });
    const isolated = [...onReadOnlyDisk(cacheOf(project)), process.execPath, cli, ...build];
    const without = await run(project, isolated);
    expect(without.exitCode, without.stderr).toBe(0);
    expect(without.stderr.match(/^notice: Compilations cannot be stored in .*: the file system is read-only\.$/gm)).toHaveLength(
      1,
    );
    await building(project);
    await changeJobs(project, compile("-O2 && gcc -c lib/code.c -o ../out/again.txt"));
    const { exitCode, stderr } = await run(project, isolated);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain("ccache: 1 of 2 hits");
  });

  test("that is a file is not used", async ({ folder }) => {
    const project = await makeJobs(folder, { one: {} });
    await writeFiles(project, { ".kovn/cache": "text" });
    const result = await kovnBuild(project, build);
    expect(result.exitCode).toBe(0);
    expect(
      result.stderr.match(/^notice: Cache .* cannot be read: a part of the path is not a folder\. It is not used\.$/gm),
    ).toHaveLength(1);
  });

  test.skipIf(asNobody === undefined)(
    "without permission to write is reported once, and the build succeeds",
    async ({ folder }) => {
      const project = await makeJobs(folder, { one: {}, two: {} });
      await mkdir(join(cacheOf(project)), { recursive: true });
      await chmod(project, 0o777);
      await chmod(join(project, ".kovn"), 0o777);
      await chmod(cacheOf(project), 0o555);
      const result = await run(project, [...(asNobody ?? []), process.execPath, cli, ...build]);
      expect(result.exitCode).toBe(0);
      expect(result.stderr.match(/^notice: Results cannot be stored in .*: permission is denied\.$/gm)).toHaveLength(1);
    },
  );

  test.skipIf(!canMount)("on a read-only disk can be read (needs root)", async ({ folder }) => {
    const project = await makeJobs(folder, { one: three["one"] ?? {} });
    await building(project);
    await rm(join(project, "dist"), { recursive: true });
    await changeJobs(project, { one: three["one"] ?? {}, two: three["two"] ?? {} });
    const result = await run(project, [...onReadOnlyDisk(cacheOf(project)), process.execPath, cli, ...build]);
    expect(result.exitCode).toBe(0);
    expect(reportOf(result)).toEqual(["one: cached", "two: built"]);
    expect(result.stderr.match(/^notice: Results cannot be stored in .*: the file system is read-only\.$/gm)).toHaveLength(1);
  });

  test.skipIf(!canMount)("on a full disk stores nothing, and the build succeeds (needs root)", async ({ folder }) => {
    const big = { script: "head -c 300000 /dev/zero > ../out/big.txt" };
    const project = await makeJobs(folder, { one: big, two: big });
    await changeJobs(project, { one: big });
    await mkdir(cacheOf(project), { recursive: true });
    const result = await run(project, [...onSmallDisk(cacheOf(project)), process.execPath, cli, ...build]);
    expect(result.exitCode).toBe(0);
    expect(result.stderr.match(/^notice: Results cannot be stored in .*: no space is left on the disk\.$/gm)).toHaveLength(1);
    expect(result.stderr).not.toMatch(/^left: .*\.next/m);
  });
});

describe("cache", () => {
  test("list prints each result with its size, and the sum", async ({ folder }) => {
    const project = await makeJobs(folder, { one: {}, two: {} });
    expect((await kovnBuild(project, ["cache", "list"])).stdout).toBe(
      "0 results of at most 5.0 GB: 0.0 kB\n0 runs of at most 10 and 2.0 GB: 0.0 kB",
    );
    await building(project);
    const { stdout } = await kovnBuild(project, ["cache", "list"]);
    expect(stdout).toMatch(
      /^[0-9a-f]{12} {2}one +linux 1\.0 default \w+ {2}built \S+ \S+ UTC {2}used \S+ \S+ UTC {2}\d\.\d kB$/m,
    );
    expect(stdout).toContain("2 results of at most 5.0 GB");
    const { entries } = JSON.parse((await kovnBuild(project, ["cache", "list", "--json"])).stdout) as {
      entries: { job: string }[];
    };
    expect(entries.map((entry) => entry.job).toSorted()).toEqual(["one", "two"]);
  });

  test("why says that a job is cached, what changed, or that it has no results", async ({ folder }) => {
    const project = await makeJobs(folder, { one: {} });
    const why = async (...more: readonly string[]) => (await kovnBuild(project, ["cache", "why", ...build, ...more])).stdout;
    expect(await why()).toMatch(/^one {2}[0-9a-f]{12} {2}not cached, and no other result of this job is$/);
    await building(project);
    expect(await why()).toMatch(/^one {2}[0-9a-f]{12} {2}cached, built \S+$/);
    const pipeline = join(project, "pipelines/test.yaml");
    await writeFile(pipeline, (await readFile(pipeline, "utf8")).replaceAll("-O1", "-O3"));
    expect(await why()).toMatch(/^one {2}[0-9a-f]{12} {2}not cached; compared with the result of \S+:\n {2}flags: -O1 → -O3$/);
    expect(await why("--distcc", "localhost")).toMatch(/^ {2}flags: -O1 → -O3 -gno-column-info$/m);
  });

  test("prune removes the least recently used first, leftovers of dead processes, and unreadable results", async ({ folder }) => {
    const big = (id: string) => ({ script: `head -c 1000 /dev/zero > ../out/${id}-big.txt` });
    const project = await makeJobs(folder, { one: big("one") });
    await building(project);
    await changeJobs(project, { two: big("two") });
    await building(project);
    await changeJobs(project, { one: big("one") });
    await building(project);
    await writeFiles(project, {
      [`${stagingOf(`.kovn/cache/jobs/${"a".repeat(64)}`)}/files/x`]: "half",
      [`.kovn/cache/jobs/${"b".repeat(64)}/files/x`]: "no description",
      [`.kovn/cache/jobs/${"c".repeat(64)}/entry.json`]: "text",
    });
    expect((await kovnBuild(project, ["cache", "prune", "--size", "1500"])).stdout).toMatch(/^1 result removed, \d\.\d kB\.$/m);
    expect((await kovnBuild(project, ["cache", "list"])).stdout).toMatch(/^[0-9a-f]{12} {2}one .*\n1 result of/);
    expect(readdirSync(join(cacheOf(project), "jobs"))).toHaveLength(1);
    expect((await kovnBuild(project, ["cache", "prune", "--size", "0"])).stdout).toMatch(/^1 result removed, \d\.\d kB\.$/m);
    expect(await building(project)).toEqual(["one: built"]);
  });

  test.skipIf(!hasCcache)("list includes compilations, and prune removes them with size 0", async ({ folder }) => {
    const compile = "echo 'int x;' > x.c; gcc -c x.c";
    const project = await makeJobs(folder, { one: { script: compile } });
    await building(project);
    const compiled = async () => {
      const { stdout } = await kovnBuild(project, ["cache", "list", "--json"]);
      return (JSON.parse(stdout) as { compilations: { size: number } }).compilations.size;
    };
    expect(await compiled()).toBeGreaterThan(0);
    expect((await kovnBuild(project, ["cache", "list"])).stdout).toMatch(/^compilations of at most 2\.0 GB: \d+\.\d [kM]B$/m);
    await kovnBuild(project, ["cache", "prune", "--size", "1"]);
    expect(await compiled()).toBeGreaterThan(0);
    await kovnBuild(project, ["cache", "prune", "--size", "0"]);
    expect(await compiled()).toBe(0);
  });

  test("prune refuses a size that is not a number", async ({ folder }) => {
    const result = await kovnBuild(folder, ["cache", "prune", "--size", "big"]);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toContain("Expected a number of bytes, such as 500M or 2G.");
  });

  test("a build keeps the last runs, failed ones too; list shows them, and prune removes all but the newest", async ({
    folder,
  }) => {
    const project = await makeJobs(folder, { one: { script: "test ! -e ../../../../../fail" } });
    const runs = () => readdirSync(join(project, ".kovn/runs")).toSorted();
    for (const _ of [1, 2]) await building(project, "--no-cache", "--keep-runs", "2");
    const [first, second] = runs();
    await writeFile(join(project, "fail"), "");
    expect((await kovnBuild(project, [...build, "--no-cache", "--keep-runs", "2"])).exitCode).toBe(1);
    expect(runs()).toEqual([second, expect.not.stringContaining(first ?? "")]);
    const list = await kovnBuild(project, ["cache", "list"]);
    expect(list.stdout).toMatch(/^2 runs of at most 10 and 2\.0 GB: \d+\.\d kB$/m);
    const { runs: listed } = JSON.parse((await kovnBuild(project, ["cache", "list", "--json"])).stdout) as { runs: unknown };
    expect(listed).toEqual(
      runs()
        .toReversed()
        .map((name) => ({ run: name, size: expect.any(Number) })),
    );
    const pruned = await kovnBuild(project, ["cache", "prune", "--keep-runs", "1"]);
    expect(pruned.stdout).toMatch(/^1 run removed, \d+\.\d kB\.\n0 results removed, 0\.0 kB\.$/);
    expect(runs()).toHaveLength(1);
  });

  test("a build is the newest run, also when the clock was set back since the last one", async ({ folder }) => {
    const project = await makeJobs(folder, { one: {} });
    const last = `${new Date(Date.now() + 60_000).toISOString().replaceAll(/[-:]|\.\d+/g, "")}-1`;
    await writeFiles(project, { [`.kovn/runs/${last}/events.jsonl`]: "" });
    await building(project);
    expect(readdirSync(join(project, ".kovn/runs")).toSorted()).toEqual([last, expect.any(String)]);
  });

  test("path prints the folder", async ({ folder }) => {
    expect((await kovnBuild(folder, ["cache", "path"])).stdout).toBe(join(folder, ".kovn/cache"));
  });
});
