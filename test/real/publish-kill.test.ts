import { cp, mkdir, readFile, readdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { cli, kovnBuild, run } from "../helpers/cli.ts";
import { makeDist } from "../helpers/dist.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { makeApt, makeKey, serve } from "./repository.ts";

/** System calls that change a file or folder, or bring it to the disk. */
const calls = "mkdir,rename,link,symlink,unlink,rmdir,fsync,fdatasync,ftruncate,fchmod,copy_file_range,sendfile".split(",");

/**
 * Runs a publish under strace(1), which follows its threads but not the programs it starts. All
 * file operations come from one thread, so that their order is the same each time.
 */
function traced(folder: string, args: readonly string[], env: Readonly<Record<string, string>>, strace: readonly string[]) {
  const command = ["strace", "-f", "--seccomp-bpf", "-qq", "-b", "execve", ...strace, process.execPath, cli, ...args];
  return run(folder, command, { ...env, UV_THREADPOOL_SIZE: "1" });
}

/** How often the busiest thread makes each system call, as strace wrote them to a file. */
async function countCalls(file: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const line of (await readFile(file, "utf8")).split("\n")) {
    const [, thread, call] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (call !== undefined) counts.set(`${thread} ${call}`, (counts.get(`${thread} ${call}`) ?? 0) + 1);
  }
  const busiest = new Map<string, number>();
  for (const [key, count] of counts) {
    const call = key.split(" ")[1] ?? "";
    busiest.set(call, Math.max(count, busiest.get(call) ?? 0));
  }
  return busiest;
}

/** The content of a repository without dates and signatures. */
async function stableContent(repository: string) {
  const content = await contentOf(repository);
  const undated = (text: string) => text.replace(/^Date: .*\n/m, "").replace(/-----BEGIN PGP SIGNATURE-----[^]*/, "");
  return Object.fromEntries(
    Object.entries(content).map(([path, text]) => [path, /Release$|\.previous$/.test(path) ? undated(text) : text]),
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

test("a publish killed at any file operation fails no reader, and the next run completes it", async ({ folder }) => {
  await using key = await makeKey();
  const env = key.env;
  const args = (revision: number, place: string) => [
    "publish",
    `dist${revision}/linux`,
    "--to",
    `apt=${place}`,
    "--sign",
    key.id,
    "--keep",
    "1",
  ];
  for (const revision of [1, 2, 3]) await makeDist(join(folder, `dist${revision}`), { revision });
  for (const revision of [1, 2]) expect(await kovnBuild(folder, args(revision, "base"), env)).toMatchObject({ exitCode: 0 });

  await cp(join(folder, "base"), join(folder, "whole"), { recursive: true });
  const trace = ["-e", `trace=${calls.join(",")}`, "-o", join(folder, "trace")];
  expect(await traced(folder, args(3, "whole"), env, trace)).toMatchObject({ exitCode: 0 });
  const expected = await stableContent(join(folder, "whole"));
  const counts = await countCalls(join(folder, "trace"));
  const points = [...counts].flatMap(([call, count]) => Array.from({ length: count }, (_, index) => [call, index + 1] as const));

  await using server = await serve(folder);
  let readings = 0;
  const states = { old: 0, new: 0 };
  const tryPoint = async ([call, position]: readonly [string, number]) => {
    const name = `${call}${position}`;
    await cp(join(folder, "base"), join(folder, name), { recursive: true });
    const source = `deb [signed-by=${key.ring}] ${server.url}/${name} 1.0 default`;
    await mkdir(join(folder, `apt-${name}`));
    const reader = await startReader(join(folder, `apt-${name}`), source);
    await reader.round();
    const kill = ["-e", `trace=${call}`, "-e", `inject=${call}:signal=KILL:when=${position}`, "-o", "/dev/null"];
    const killed = await traced(folder, args(3, name), env, kill);
    expect(killed.exitCode, `${name}: ${killed.stderr}`).not.toBe(0);
    const left = await readFile(join(folder, name, "dists/1.0/InRelease"), "utf8");
    await reader.round();
    const again = await kovnBuild(folder, args(3, name), env);
    expect(again, name).toMatchObject({ exitCode: 0 });
    await reader.round();
    await reader.stop();
    expect(reader.failures, name).toEqual([]);
    expect([...reader.seen].at(-1), name).toBe("1.2.3-1+kovn3.00000003");
    expect(await stableContent(join(folder, name)), name).toEqual(expected);
    states[left === (await readFile(join(folder, "base/dists/1.0/InRelease"), "utf8")) ? "old" : "new"]++;
    readings++;
    await rm(join(folder, name), { recursive: true });
    await rm(join(folder, `apt-${name}`), { recursive: true });
  };
  const queue = points.values();
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (const point of queue) await tryPoint(point);
  });
  await Promise.all(workers);

  const shown = [...counts].map(([call, count]) => `${count} ${call}`).join(", ");
  console.log(
    `killed at ${readings} points (${shown}); ${states.old} left the old state, ${states.new} the new one; no reader failed`,
  );
  expect(readings).toBe(points.length);
  expect(Math.min(states.old, states.new)).toBeGreaterThan(0);
});
