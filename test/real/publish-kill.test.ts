import { cp, mkdir, readFile, readdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { cli, kovnBuild, run } from "../helpers/cli.ts";
import { makeDist } from "../helpers/dist.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { isNightly } from "../helpers/nightly.ts";
import { inOwnPids, losePower, traced } from "../helpers/trace.ts";
import { makeApt, makeKey, serve } from "./repository.ts";

/** The content of a repository without dates and signatures. */
async function stableContent(repository: string) {
  const content = await contentOf(repository);
  const undated = (text: string) => text.replace(/^Date: .*\n/m, "").replace(/-----BEGIN PGP SIGNATURE-----[^]*/, "");
  return Object.fromEntries(
    Object.entries(content).map(([path, text]) => [path, /Release(\.gpg)?$|\.previous$/.test(path) ? undated(text) : text]),
  );
}

/**
 * Reads a repository over and over: `apt-get update`, then a download of both packages, which have
 * to be of one state.
 */
async function startReader(folder: string, source: string) {
  const apt = await makeApt(folder, source);
  const seen = new Set<string>();
  const failures: string[] = [];
  const count = { rounds: 0, stopped: false };
  const read = async () => {
    while (!count.stopped) {
      for (const args of [["update"], ["download", "demo", "demo-data"]]) {
        const { exitCode, output } = await apt(...args);
        if (exitCode !== 0) failures.push(`apt-get ${args.join(" ")}: ${output}`);
      }
      const debs = (await readdir(folder)).filter((name) => name.endsWith(".deb"));
      const versions = new Set(debs.map((name) => name.split("_")[1] ?? ""));
      if (debs.length !== 2 || versions.size !== 1) failures.push(`a mix: ${debs.join(" ")}`);
      for (const version of versions) seen.add(version);
      for (const name of debs) await rm(join(folder, name));
      count.rounds++;
    }
  };
  const reading = read();
  return {
    seen,
    failures,
    /** Resolves when one more whole round has run. */
    async round() {
      for (const wanted = count.rounds + 2; count.rounds < wanted;) await sleep(20);
    },
    async stop() {
      count.stopped = true;
      await reading;
    },
  };
}

type Point = readonly [call: string, position: number];

/** Publishes a revision, as this test does it everywhere. */
function publishing(revision: number, place: string, key: string, ...options: readonly string[]) {
  return ["publish", `dist${revision}/linux`, "--to", `apt=${place}`, "--sign", key, ...options];
}

/** Two revisions in a repository `base`, and builds of four. */
async function makeBase(folder: string, { id, env }: Awaited<ReturnType<typeof makeKey>>, ...options: readonly string[]) {
  for (const revision of [1, 2, 3, 4]) await makeDist(join(folder, `dist${revision}`), { revision });
  for (const revision of [1, 2])
    expect(await kovnBuild(folder, publishing(revision, "base", id, ...options), env)).toMatchObject({ exitCode: 0 });
  await cp(join(folder, "base"), join(folder, "whole"), { recursive: true });
  const { counts, exitCode } = await traced(folder, publishing(3, "whole", id, ...options), env);
  expect(exitCode).toBe(0);
  const points = [...counts].flatMap(([call, count]) => Array.from({ length: count }, (_, index): Point => [call, index + 1]));
  // Every twentieth of some 180 operations, the same each time; the nightly run takes all.
  return points.filter((_, index) => isNightly || index % 20 === 0);
}

/** Runs `tryPoint` for each point, as many at once as there are processors. */
async function tryAll(points: readonly Point[], tryPoint: (point: Point, name: string, index: number) => Promise<void>) {
  const queue = points.entries();
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (const [index, point] of queue) await tryPoint(point, point.join(""), index);
  });
  await Promise.all(workers);
}

/** The revisions of both packages that an index offers, which have to be the same. */
async function offered(repository: string, suite = "bookworm") {
  const text = await readFile(join(repository, "dists", suite, "1.0/binary-amd64/Packages"), "utf8");
  const of = (name: string) =>
    [...text.matchAll(new RegExp(`^Package: ${name}\\n(?:.+\\n)*?Version: .*kovn(\\d+)\\.`, "gm"))].map((match) =>
      Number(match[1]),
    );
  expect(of("demo-data")).toEqual(of("demo"));
  return of("demo");
}

/** Empties what a kill left and was not on the disk; the rest of the repository was there before. */
async function losePowerOf(folder: string, name: string, changes: Parameters<typeof losePower>[1]) {
  const [base, left] = [await contentOf(join(folder, "base")), await contentOf(join(folder, name))];
  await losePower(join(folder, name), changes);
  for (const [path, content] of Object.entries(left))
    if (content !== "folder" && base[path] === content) await cp(join(folder, "base", path), join(folder, name, path));
}

test("a publish killed at any file operation fails no reader, and the next run completes it", async ({ folder }) => {
  await using key = await makeKey();
  const args = (place: string) => publishing(3, place, key.id, "--keep", "1");
  const points = await makeBase(folder, key, "--keep", "1");
  const expected = await stableContent(join(folder, "whole"));
  await using server = await serve(folder);
  const states = { old: 0, new: 0 };
  await tryAll(points, async (point, name) => {
    await cp(join(folder, "base"), join(folder, name), { recursive: true });
    const source = `deb [signed-by=${key.ring}] ${server.url}/${name} bookworm 1.0`;
    await mkdir(join(folder, `apt-${name}`));
    const reader = await startReader(join(folder, `apt-${name}`), source);
    await reader.round();
    const killed = await traced(folder, args(name), key.env, point);
    expect(killed.exitCode, `${name}: ${killed.stderr}`).not.toBe(0);
    const left = await readFile(join(folder, name, "dists/bookworm/InRelease"), "utf8");
    await reader.round();
    const again = await kovnBuild(folder, args(name), key.env);
    expect(again, name).toMatchObject({ exitCode: 0 });
    await reader.round();
    await reader.stop();
    expect(reader.failures, name).toEqual([]);
    expect([...reader.seen].at(-1), name).toBe("1.2.3-1+kovn3.00000003");
    expect(await stableContent(join(folder, name)), name).toEqual(expected);
    states[left === (await readFile(join(folder, "base/dists/bookworm/InRelease"), "utf8")) ? "old" : "new"]++;
    await rm(join(folder, name), { recursive: true });
    await rm(join(folder, `apt-${name}`), { recursive: true });
  });
  console.log(`killed at ${points.length} points; ${states.old} left the old state, ${states.new} the new one; no reader failed`);
  expect(states.old + states.new).toBe(points.length);
  expect(Math.min(states.old, states.new)).toBeGreaterThan(0);
});

test("a publish that was killed, or lost its power, loses no package and is not mixed with another set", async ({ folder }) => {
  await using key = await makeKey();
  const points = await makeBase(folder, key);
  const sums = { others: 0, repairs: 0 };
  await tryAll(points, async (point, name, index) => {
    await cp(join(folder, "base"), join(folder, name), { recursive: true });
    const killed = await traced(folder, publishing(3, name, key.id), key.env, point);
    expect(killed.exitCode, name).not.toBe(0);
    // Half of the points each in a sample, both in the nightly run.
    for (const isPowerLost of isNightly ? [false, true] : [index % 2 === 0]) {
      const copy = `${name}-${isPowerLost}`;
      await cp(join(folder, name), join(folder, copy), { recursive: true });
      if (isPowerLost)
        await losePowerOf(
          folder,
          copy,
          killed.changes.map((change) => moved(change, join(folder, name), join(folder, copy))),
        );
      const other = async () => run(folder, [...inOwnPids, process.execPath, cli, ...publishing(4, copy, key.id)], key.env);
      const first = await other();
      if (first.exitCode !== 0) {
        const repair = ["publish", "--repair", `apt=${copy}`, "--sign", key.id];
        expect(await kovnBuild(folder, repair, key.env), `${copy}: ${first.stderr}`).toMatchObject({ exitCode: 0 });
        expect(await other(), copy).toMatchObject({ exitCode: 0 });
        sums.repairs++;
      }
      const revisions = await offered(join(folder, copy));
      expect(
        [
          [1, 2, 4],
          [1, 2, 3, 4],
        ],
        copy,
      ).toContainEqual(revisions);
      const pool = (await readdir(join(folder, copy, "pool/bookworm/1.0"))).map((file) => Number(/kovn(\d+)/.exec(file)?.[1]));
      expect(
        [...new Set(pool)].toSorted((a, b) => a - b),
        copy,
      ).toEqual(revisions);
      expect(await kovnBuild(folder, ["publish", "--repair", `apt=${copy}`, "--sign", key.id], key.env)).toMatchObject({
        stdout: `apt=${copy}: nothing to do, its state is whole`,
        stderr: expect.not.stringContaining("notice") as unknown,
      });
      sums.others++;
      await rm(join(folder, copy), { recursive: true });
    }
    await rm(join(folder, name), { recursive: true });
  });
  console.log(`killed at ${points.length} points; published another set ${sums.others} times, ${sums.repairs} after a repair`);
  expect(sums.others).toBeGreaterThan(0);
});

test("a publish killed between two suites leaves each whole, and the next run completes it", async ({ folder }) => {
  await using key = await makeKey();
  for (const revision of [1, 2])
    for (const release of [12, 13])
      await makeDist(join(folder, `dist${revision}/${release}`), { revision, distribution: `debian ${release}` });
  const args = (revision: number, place: string) => {
    const builds = [12, 13].map((release) => `dist${revision}/${release}`);
    return ["publish", ...builds, "--to", `apt=${place}`, "--sign", key.id];
  };
  expect(await kovnBuild(folder, args(1, "base"), key.env)).toMatchObject({ exitCode: 0 });
  await cp(join(folder, "base"), join(folder, "whole"), { recursive: true });
  const { changes } = await traced(folder, args(2, "whole"), key.env);
  const renamed = changes.flatMap((change) => (change.call === "rename" ? [change.path] : []));
  const [first = -1, second = -1] = ["bookworm", "trixie"].map((suite) =>
    renamed.indexOf(join(folder, "whole/dists", suite, "InRelease")),
  );
  expect(Math.min(first, second)).toBeGreaterThan(-1);
  // Killed at the first rename after the switch of one suite, and at the switch of the other.
  const points = [first + 2, second + 1].map((position): Point => ["rename", position]);
  await using server = await serve(folder);
  await tryAll(points, async (point, name) => {
    await cp(join(folder, "base"), join(folder, name), { recursive: true });
    expect((await traced(folder, args(2, name), key.env, point)).exitCode, name).not.toBe(0);
    expect(await offered(join(folder, name)), name).toEqual([1, 2]);
    expect(await offered(join(folder, name), "trixie").then((revisions) => revisions[0]), name).toBe(1);
    const apts = await Promise.all(
      ["bookworm", "trixie"].map((suite) =>
        makeApt(join(folder, `${name}-${suite}`), `deb [signed-by=${key.ring}] ${server.url}/${name} ${suite} 1.0`),
      ),
    );
    const newest = async () => {
      const shown: (string | undefined)[] = [];
      for (const apt of apts) {
        expect(await apt("update"), name).toMatchObject({ exitCode: 0 });
        shown.push(/demo-data_\S+kovn(\S+)_all/.exec((await apt("download", "--print-uris", "demo-data")).output)?.[1]);
      }
      return shown;
    };
    expect(await newest(), name).toEqual(["2.00000002.deb12", "1.00000001.deb13"]);
    expect(await kovnBuild(folder, args(2, name), key.env), name).toMatchObject({ exitCode: 0 });
    expect(await newest(), name).toEqual(["2.00000002.deb12", "2.00000002.deb13"]);
  });
});

/** A change in a copy of the folder. */
function moved<T extends object>(change: T, from: string, to: string): T {
  const rename = ([key, value]: readonly [string, unknown]) => [key, typeof value === "string" ? value.replace(from, to) : value];
  return Object.fromEntries(Object.entries(change).map(rename)) as T;
}
