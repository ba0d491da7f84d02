import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { cli, kovnBuild, run } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { makeDist } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import { isNightly } from "../helpers/nightly.ts";
import { makeProject } from "../helpers/project.ts";
import { makeRepository } from "../helpers/repository.ts";
import { canTrace, inOwnPids, losePower, traced, unsynced } from "../helpers/trace.ts";
import { applyTree, commitFile, fields } from "../helpers/tree.ts";

interface Case {
  /** Prepares a folder; returns where to run, and what. */
  readonly prepare: (folder: string) => Promise<{ readonly cwd: string; readonly args: readonly string[] }>;
  /** What must get its name only when it is on the disk. */
  readonly places: readonly (string | RegExp)[];
}

const publishing = (to: string) => async (folder: string) => {
  const dist = await makeDist(join(folder, "dist"));
  return { cwd: folder, args: ["publish", dist, "--to", to] };
};

const cases: Readonly<Record<string, Case>> = {
  "results and the cache": {
    prepare: async (folder) => ({ cwd: await makeProject(folder), args: ["--target", "linux"] }),
    places: ["dist/linux", ".kovn/cache/version", /^\.kovn\/cache\/jobs\/[0-9a-f]{64}$/],
  },
  "a new folder": { prepare: publishing("dir=new/out"), places: ["new/out"] },
  "a folder that exists": {
    prepare: async (folder) => {
      await mkdir(join(folder, "out"));
      return publishing("dir=out")(folder);
    },
    places: ["out/SHA256SUMS", /^out\/demo_.*\.deb$/],
  },
  "a bundle": { prepare: publishing("tar=new/b.tar"), places: ["new/b.tar"] },
  "an apt repository": {
    prepare: publishing("apt=repo"),
    places: ["repo/.kovn-apt.json", /^repo\/pool\/.*\.deb$/, /\/by-hash\//, /\/Packages\.xz$/, "repo/dists/bookworm/Release"],
  },
  "a lock of a series": {
    prepare: async (folder) => ({ cwd: await makeProject(folder), args: ["patches", "lock"] }),
    places: ["patches/1.0/lock.json"],
  },
  "a series": {
    prepare: async (folder) => {
      const project = await makeProject(folder);
      const tree = await applyTree(project, "tree");
      await commitFile(tree, "more.txt", "more\n", `Add more\n\n${fields}\n`);
      return { cwd: project, args: ["patches", "export", "demo", "tree"] };
    },
    places: ["patches/1.0/demo", "tree/.git/kovn-build.json"],
  },
  "a changelog": {
    prepare: async (folder) => ({ cwd: await makeRepository(folder), args: ["release", "cut", "1.0.0"] }),
    places: [/CHANGELOG.*\.md$/],
  },
};

describe.skipIf(!canTrace)("on the disk before it gets its name is", () => {
  for (const [what, { prepare, places }] of Object.entries(cases))
    test(what, async ({ folder }) => {
      const { cwd, args } = await prepare(folder);
      const result = await traced(cwd, args, { HOME: join(folder, "home") });
      expect(result.exitCode, result.stderr).toBe(0);
      const found = await unsynced(cwd, result.changes);
      // These may be lost.
      const relied = [...found].filter(([path]) => !/^\.kovn\/(runs|durations|mirrors|tmp)\//.test(path));
      for (const place of places)
        expect(
          relied.map(([path]) => path),
          String(place),
        ).toContainEqual(typeof place === "string" ? place : expect.stringMatching(place));
      expect(relied.filter(([, missing]) => missing.length > 0)).toEqual([]);
    });
});

describe.skipIf(!canTrace)("a publish that was killed, or lost its power, is not mixed with the next set", () => {
  const kinds: Readonly<Record<string, readonly [to: string, isMade: boolean]>> = {
    "in a new folder": ["dir=out", false],
    "in a folder that exists": ["dir=out", true],
    "in a bundle": ["tar=out", false],
  };
  for (const [what, [to, isMade]] of Object.entries(kinds))
    test(what, { timeout: isNightly ? 3_600_000 : 120_000 }, async ({ folder }) => {
      for (const revision of [1, 2]) await makeDist(join(folder, `dist${revision}`), { revision });
      const args = (revision: number) => ["publish", join(folder, `dist${revision}/linux`), "--to", to];
      const start = async (name: string) => {
        await mkdir(join(folder, name));
        if (isMade) await mkdir(join(folder, name, "out"));
        return join(folder, name);
      };
      const left = async (dir: string) => {
        await rm(join(dir, ".kovn"), { recursive: true, force: true });
        return contentOf(dir);
      };
      const publish = async (dir: string, revision: number) => run(dir, [...inOwnPids, process.execPath, cli, ...args(revision)]);
      const [first, second] = [await start("whole1"), await start("whole2")];
      const { counts } = await traced(first, args(1));
      expect(await kovnBuild(second, args(2))).toMatchObject({ exitCode: 0 });
      const whole = [await left(first), await left(second)];
      const points = [...counts].flatMap(([call, count]) =>
        Array.from({ length: count }, (_, index) => [call, index + 1] as const),
      );
      let [tried, lost] = [0, 0];
      const step = isNightly ? 1 : Math.ceil(points.length / 4);
      for (const [index, point] of points.entries()) {
        if (index % step !== 0) continue;
        const name = point.join("");
        const dir = await start(name);
        const killed = await traced(dir, args(1), {}, point);
        expect(killed.exitCode, name).not.toBe(0);
        // Half of the points each in a sample, both in the nightly.
        for (const isPowerLost of isNightly ? [false, true] : [(index / step) % 2 === 0]) {
          const copy = `${dir}-${isPowerLost}`;
          if (isPowerLost) lost += await losePower(dir, killed.changes);
          await cp(dir, copy, { recursive: true });
          const other = await publish(copy, 2);
          if (other.exitCode !== 0) {
            expect(other.stderr, name).not.toContain("This is a bug");
            expect(await publish(copy, 1), name).toMatchObject({ exitCode: 0 });
          }
          expect(await left(copy), `${name} ${isPowerLost}`).toEqual(whole[other.exitCode === 0 ? 1 : 0]);
          await rm(copy, { recursive: true });
          tried++;
        }
        await rm(dir, { recursive: true });
      }
      console.log(`${what}: stopped ${tried} times at ${points.length} file operations, ${lost} files came back empty`);
      expect(tried).toBeGreaterThan(0);
    });
});
