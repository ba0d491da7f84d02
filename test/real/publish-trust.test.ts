import { cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { sha256 } from "../../src/sys/files.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { makeDist, type SmallBuild } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import { makeKey } from "./repository.ts";

const suite = "repo/dists/bookworm";
const index = `${suite}/1.0/binary-amd64/Packages`;
type Key = Awaited<ReturnType<typeof makeKey>>;

async function publish(folder: string, build: SmallBuild, key: Key, ...options: readonly string[]) {
  const dist = await makeDist(join(folder, `dist-${JSON.stringify(build).replaceAll(/\W+/g, "-")}`), build);
  return kovnBuild(folder, ["publish", dist, "--to", "apt=repo", "--sign", key.id, ...options], key.env);
}

/** A stanza of a package that nobody published, whose file is in the pool. */
async function plantPackage(folder: string) {
  const filename = "pool/bookworm/1.0/evil_9_amd64.deb";
  await writeFile(join(folder, "repo", filename), "evil");
  const fields = ["Package: evil", "Version: 9", "Architecture: amd64", `Filename: ${filename}`, "Size: 4"];
  return `${[...fields, `SHA256: ${sha256("evil")}`].join("\n")}\n\n`;
}

/** What somebody does who can write the web folder, and does not have the key. */
const attacks: Readonly<Record<string, readonly [act: (folder: string) => Promise<unknown>, says: string]>> = {
  "adds a package to the index and its digest to InRelease": [
    async (folder) => {
      const text = (await readFile(join(folder, index), "utf8")) + (await plantPackage(folder));
      const release = await readFile(join(folder, suite, "InRelease"), "utf8");
      const old = sha256(await readFile(join(folder, index)));
      await writeFile(join(folder, index), text);
      await writeFile(join(folder, suite, "InRelease"), release.replaceAll(old, sha256(text)));
    },
    "InRelease is not what was signed",
  ],
  "removes the signatures": [
    async (folder) => {
      for (const name of ["InRelease", "Release.gpg"]) await rm(join(folder, suite, name));
    },
    "Suite bookworm of repo is not signed: nothing vouches for what it has.",
  ],
  "removes every file of the state": [
    async (folder) => {
      for (const name of ["InRelease", "Release.gpg", "Release"]) await rm(join(folder, suite, name));
    },
    "repo/dists/bookworm has neither InRelease nor Release, and it had one.",
  ],
  "puts the signed state of another suite in its place": [
    (folder) => cp(join(folder, "repo/dists/trixie/InRelease"), join(folder, suite, "InRelease")),
    "InRelease is damaged: it is not a state of suite bookworm.",
  ],
  "puts a text with two signatures in its place": [
    async (folder) => {
      const text = await readFile(join(folder, suite, "InRelease"), "utf8");
      await writeFile(join(folder, suite, "InRelease"), text + text);
    },
    "InRelease is not what was signed",
  ],
  "puts a FIFO in its place": [
    async (folder) => {
      await rm(join(folder, suite, "InRelease"));
      await execa("mkfifo", [join(folder, suite, "InRelease")]);
    },
    "it is a FIFO, not a regular file",
  ],
  "makes a folder a link to another one": [
    async (folder) => {
      await mkdir(join(folder, "home"));
      await rm(join(folder, "repo/pool/bookworm/1.0"), { recursive: true });
      await symlink("../../../home", join(folder, "repo/pool/bookworm/1.0"));
    },
    "",
  ],
};

describe("publish signs nothing when somebody without the key", () => {
  for (const [what, [act, says]] of Object.entries(attacks))
    test(what, async ({ folder }) => {
      await using key = await makeKey();
      await publish(folder, { distribution: "debian 13" }, key);
      await publish(folder, {}, key);
      await act(folder);
      const before = await contentOf(join(folder, "repo"));
      const result = await publish(folder, { revision: 2 }, key);
      expect(result).toMatchObject({ exitCode: 1, stdout: "" });
      expect(result.stderr).toContain(says);
      expect(result.stderr).toContain("\n  -> ");
      expect(result.stderr).not.toMatch(/--repair apt=repo(?! --sign [0-9A-F]{40}$)/m);
      expect(await contentOf(join(folder, "repo"))).toEqual(before);
    });

  test("writes around the signed text: only what is inside is read", async ({ folder }) => {
    await using key = await makeKey();
    await publish(folder, {}, key);
    const text = await readFile(join(folder, suite, "InRelease"), "utf8");
    const forged = (await readFile(join(folder, index), "utf8")) + (await plantPackage(folder));
    await writeFile(join(folder, suite, "1.0/binary-amd64/by-hash/SHA256", sha256(forged)), forged);
    const row = ` ${sha256(forged)} ${forged.length} 1.0/binary-amd64/Packages\n`;
    await writeFile(join(folder, suite, "InRelease"), `SHA256:\n${row}${text.replaceAll(/$/gm, " ")}${row}`);
    await publish(folder, { revision: 2 }, key);
    const published = await readFile(join(folder, index), "utf8");
    expect(published).not.toContain("evil");
    expect(published).toContain("kovn1.");
  });

  test("writes a previous state or a list of yanked versions: none is believed", async ({ folder }) => {
    await using key = await makeKey();
    await publish(folder, {}, key);
    await publish(folder, { revision: 2 }, key, "--keep", "1");
    const stanza = (await plantPackage(folder)).trim();
    const record = { schema: 1, yanked: stanza.replaceAll("evil", "demo"), returning: stanza };
    await writeFile(join(folder, suite, ".yanked.json"), JSON.stringify(record));
    const previous = await readFile(join(folder, suite, ".previous"), "utf8");
    await writeFile(join(folder, suite, ".previous"), previous.replace(/^ [0-9a-f]{64}/m, ` ${sha256(stanza)}`));
    const args = ["release", "yank", "1.2.3-1+kovn2.00000002", "--to", "apt=repo", "--sign", key.id];
    expect(await kovnBuild(folder, args, key.env)).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(folder, index), "utf8")).toBe("");
  });

  test("puts a file into the pool: it is neither named nor removed", async ({ folder }) => {
    await using key = await makeKey();
    await publish(folder, {}, key);
    await plantPackage(folder);
    for (const revision of [2, 3, 4]) await publish(folder, { revision }, key, "--keep", "1");
    const content = await contentOf(join(folder, "repo/pool/bookworm/1.0"));
    expect(content["evil_9_amd64.deb"]).toBe("evil");
    expect(Object.keys(content)).toHaveLength(5);
    expect(await readFile(join(folder, index), "utf8")).not.toContain("evil");
  });
});

test("another key takes over only when it is asked for, from the key that is named", async ({ folder }) => {
  await using key = await makeKey();
  const other = { ...key, id: "new@example.com" };
  const make = (id: string) =>
    execa("gpg", ["--batch", "--passphrase", "", "--quick-generate-key", id, "ed25519", "sign", "never"], { env: key.env });
  for (const id of [other.id, "third@example.com"]) await make(id);
  await publish(folder, {}, key);
  await publish(folder, { revision: 2 }, key);
  const refused = await publish(folder, { revision: 3 }, other);
  expect(refused).toMatchObject({ exitCode: 1 });
  expect(refused.stderr).toMatch(/InRelease is signed with key \w{40}, not with \w{40}\.\n {2}-> --change-key \w{40},/);
  expect(await publish(folder, { revision: 3 }, other, "--change-key", "third@example.com")).toMatchObject({ exitCode: 1 });
  const same = await publish(folder, { revision: 2 }, other, "--change-key", key.id);
  expect(same).toMatchObject({ exitCode: 0 });
  expect(same.stdout).toMatch(
    /: 2 replaced\n {2}replaced {2}dists\/bookworm\/Release\.gpg\n {2}replaced {2}dists\/bookworm\/InRelease$/m,
  );
  expect(await publish(folder, { revision: 3 }, other)).toMatchObject({ exitCode: 0 });
  expect(await publish(folder, { revision: 4 }, other, "--keep", "1")).toMatchObject({ exitCode: 0 });
  expect(await publish(folder, { revision: 5 }, other, "--keep", "1")).toMatchObject({ exitCode: 0 });
  // Also what the first key had signed is removed when no state names it any more.
  expect(Object.keys(await contentOf(join(folder, "repo/pool/bookworm/1.0")))).toHaveLength(4);
  expect(await publish(folder, { revision: 5 }, key)).toMatchObject({ exitCode: 1 });
});

test("a bundle is verified with the signature beside it, or it is said that it was not", async ({ folder }) => {
  await using key = await makeKey();
  await using stranger = await makeKey();
  await publish(folder, {}, key, "--to", "tar=b.tar");
  await publish(folder, { revision: 2 }, key, "--to", "tar=other.tar");
  const take = (env: Readonly<Record<string, string>>) => kovnBuild(folder, ["publish", "b.tar", "--to", "dir=out"], env);
  expect((await take(key.env)).stderr).toMatch(/notice: b\.tar is what key [0-9A-F]{40} signed\./);
  expect((await take(stranger.env)).stderr).toMatch(/notice: b\.tar was not verified: gpg does not have key [0-9A-F]{16}/);
  // The signature of another bundle, and a text that is signed inside.
  for (const wrong of ["other.tar.asc", `${suite}/InRelease`]) {
    await cp(join(folder, wrong), join(folder, "b.tar.asc"));
    const refused = await take(key.env);
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
    expect(refused.stderr).toContain("b.tar is not what b.tar.asc signs.\n  -> get both files again");
  }
  await rm(join(folder, "b.tar.asc"));
  expect((await take(key.env)).stderr).toContain("notice: b.tar was not verified: it has no signature beside it.");
});
