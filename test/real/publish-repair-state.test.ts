import { cp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { makeKey, offered, publishRevisions as publish } from "./repository.ts";

const suite = "repo/dists/bookworm";
const indices = `${suite}/1.0/binary-amd64`;
const state = ["InRelease", "Release", "Release.gpg"].map((name) => `${suite}/${name}`);

/** Empties files, as a loss of power does with those that were not on the disk. */
async function empty(folder: string, ...paths: readonly string[]) {
  for (const path of paths) await truncate(join(folder, path), 0);
}

async function byHash(folder: string) {
  const names = await readdir(join(folder, indices, "by-hash/SHA256"));
  return names.map((name) => `${indices}/by-hash/SHA256/${name}`);
}

const losses: Readonly<Record<string, (folder: string) => Promise<unknown>>> = {
  "an empty InRelease": (folder) => empty(folder, `${suite}/InRelease`),
  "a cut InRelease": (folder) => truncate(join(folder, suite, "InRelease"), 300),
  "no InRelease": (folder) => rm(join(folder, suite, "InRelease")),
  "an empty Release and Release.gpg": (folder) => empty(folder, ...state.slice(1)),
  "empty indices by digest": async (folder) => empty(folder, ...(await byHash(folder))),
  "an empty Packages.xz": (folder) => empty(folder, `${indices}/Packages.xz`),
  "only Packages.xz": async (folder) => empty(folder, `${indices}/Packages`, ...(await byHash(folder))),
  "no index at all": (folder) => rm(join(folder, indices), { recursive: true }),
};

describe("publish --repair makes a signed repository whole that has", () => {
  for (const [what, lose] of Object.entries(losses))
    test(what, async ({ folder }) => {
      await using key = await makeKey();
      const sign = ["--sign", key.id];
      await publish(folder, [1, 2], sign, key.env);
      const stable = async () => {
        const {
          [state[0]?.slice(5) ?? ""]: _signed,
          [state[2]?.slice(5) ?? ""]: _signature,
          ...rest
        } = await contentOf(join(folder, "repo"));
        // Those of the state before are nobody's any more once their copies are lost.
        return Object.fromEntries(Object.entries(rest).filter(([path]) => !path.includes("by-hash/")));
      };
      const before = await stable();
      await lose(folder);
      const args = ["publish", "--repair", "apt=repo", ...sign];
      const repaired = await kovnBuild(folder, args, key.env);
      expect(repaired).toMatchObject({ exitCode: 0 });
      expect(repaired.stdout).toContain("repaired  dists/bookworm/");
      expect(await stable()).toEqual(before);
      expect((await kovnBuild(folder, args, key.env)).stdout).toBe("apt=repo: nothing to do, its state is whole");
      expect(await publish(folder, [3], sign, key.env)).toMatchObject({ exitCode: 0 });
      expect(await offered(folder)).toEqual([1, 2, 3]);
    });
});

test("publish --repair signs what nobody vouches for only when exactly that list is accepted", async ({ folder }) => {
  await using key = await makeKey();
  const sign = ["--sign", key.id];
  const repair = (...options: readonly string[]) => kovnBuild(folder, ["publish", "--repair", "apt=repo", ...options], key.env);
  await publish(folder, [1, 2]);
  const before = await contentOf(join(folder, "repo"));
  const listed = await repair(...sign);
  expect(listed).toMatchObject({ exitCode: 1, stdout: "" });
  expect(listed.stderr).toMatch(/^ {2}[0-9a-f]{64} {2}pool\/bookworm\/1\.0\/demo_1\.2\.3-1\+kovn2\.00000002_amd64\.deb$/m);
  const [, id = ""] = /--accept ([0-9a-f]{16})$/m.exec(listed.stderr) ?? [];
  expect(await contentOf(join(folder, "repo"))).toEqual(before);
  const pool = join(folder, "repo/pool/bookworm/1.0");
  const [first = ""] = await readdir(pool);
  await cp(join(pool, first), join(pool, "evil_1_all.deb"));
  expect(await repair(...sign, "--accept", id)).toMatchObject({ exitCode: 1 });
  await rm(join(pool, "evil_1_all.deb"));
  await writeFile(join(pool, "notes_1_all.deb"), "mine");
  const accepted = await repair(...sign, "--accept", id);
  expect(accepted).toMatchObject({ exitCode: 0 });
  expect(accepted.stderr).toContain("notes_1_all.deb is left out: it is not a whole package.");
  expect(await publish(folder, [3], sign, key.env)).toMatchObject({ exitCode: 0 });
  expect(await offered(folder)).toEqual([1, 2, 3]);
  await empty(folder, ...state);
  expect(await publish(folder, [4], sign, key.env)).toMatchObject({ exitCode: 1 });
  expect((await repair(...sign)).stderr).toContain("(signed in the state before)");
});

test("publish --repair makes the state of an unsigned repository again from its pool", async ({ folder }) => {
  await publish(folder, [1, 2]);
  await empty(folder, `${suite}/Release`);
  const refused = await publish(folder, [3]);
  expect(refused).toMatchObject({ exitCode: 1 });
  expect(refused.stderr).toContain("-> kovn-build publish --repair apt=repo");
  expect(await kovnBuild(folder, ["publish", "--repair", "apt=repo"])).toMatchObject({ exitCode: 0 });
  expect(await publish(folder, [3])).toMatchObject({ exitCode: 0 });
  expect(await offered(folder)).toEqual([1, 2, 3]);
});
