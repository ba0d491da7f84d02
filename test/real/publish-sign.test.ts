import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { makeBin } from "../helpers/bin.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { makeDist } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";

/** A new gpg home. `gpg` runs gpg in it without a passphrase; its agent is stopped with `await using`. */
async function makeHome() {
  // The path of an agent's socket may have about a hundred characters.
  const home = await mkdtemp(join(tmpdir(), "gpg-"));
  const env = { GNUPGHOME: home };
  const gpg = async (...args: readonly string[]) =>
    (await execa("gpg", ["--batch", "--passphrase", "", ...args], { env })).stdout;
  /** The fingerprints of the primary key and its subkeys, in the order in which they were made. */
  const fingerprints = async (name: string) =>
    [...(await gpg("--with-colons", "--list-keys", name)).matchAll(/^fpr:+(\w+):/gm)].map(([, digits = ""]) => digits);
  const end = async () => {
    await execa("gpgconf", ["--kill", "all"], { env });
    await rm(home, { recursive: true, force: true, maxRetries: 10 });
  };
  return { home, env, gpg, fingerprints, [Symbol.asyncDispose]: end };
}

type Home = Awaited<ReturnType<typeof makeHome>>;

/** Who signed a file, as gpg says. */
async function signerOf({ env }: Home, ...files: readonly string[]) {
  const { stdout } = await execa("gpg", ["--status-fd", "1", "--verify", ...files], { env });
  return /VALIDSIG (\w+)/.exec(stdout)?.[1];
}

const name = "release@example.com";
const past = ["--faked-system-time", "20200101T000000"];

/** Keys that cannot sign: how each is made, and what is reported. */
const useless: Readonly<Record<string, readonly [make: (home: Home) => Promise<unknown>, says: string]>> = {
  "is not in the keyring": [async () => undefined, `gpg has no secret key named \`${name}\`.`],
  "has only its public part there": [
    async ({ home, gpg, fingerprints }) => {
      await gpg("--quick-generate-key", name, "ed25519", "sign", "never");
      await gpg("--output", join(home, "public"), "--export", name);
      const [fingerprint = ""] = await fingerprints(name);
      await gpg("--yes", "--delete-secret-and-public-key", fingerprint);
      await gpg("--import", join(home, "public"));
    },
    "it has only the public part of ",
  ],
  "is expired": [({ gpg }) => gpg(...past, "--quick-generate-key", name, "ed25519", "sign", "1d"), "it expired on 2020-01-02."],
  "is revoked": [
    async ({ home, gpg, fingerprints }) => {
      await gpg("--quick-generate-key", name, "ed25519", "sign", "never");
      const [fingerprint = ""] = await fingerprints(name);
      const file = join(home, "openpgp-revocs.d", `${fingerprint}.rev`);
      await writeFile(file, (await readFile(file, "utf8")).replace(/^:-----/m, "-----"));
      await gpg("--import", file);
    },
    "it is revoked.",
  ],
  "is for certificates only": [
    ({ gpg }) => gpg("--quick-generate-key", name, "ed25519", "cert", "never"),
    "it is not a key for signatures.",
  ],
  "has only an expired subkey for signatures": [
    async ({ gpg, fingerprints }) => {
      await gpg(...past, "--quick-generate-key", name, "ed25519", "cert", "never");
      const [fingerprint = ""] = await fingerprints(name);
      await gpg(...past, "--quick-add-key", fingerprint, "ed25519", "sign", "1d");
    },
    "it expired on 2020-01-02.",
  ],
  "is locked, without a terminal": [
    ({ gpg }) => gpg("--passphrase", "secret", "--pinentry-mode", "loopback", "--quick-generate-key", name, "ed25519", "sign"),
    "is locked: gpg needs its passphrase, and got none.",
  ],
  "is one of two with this name": [
    async ({ gpg }) => {
      for (const user of ["One", "Two"]) await gpg("--quick-generate-key", `${user} <${name}>`, "ed25519", "sign", "never");
    },
    "gpg has 2 secret keys (",
  ],
};

describe("before anything is published, publish reports a key that", () => {
  for (const [what, [make, says]] of Object.entries(useless))
    test(what, async ({ folder }) => {
      await using home = await makeHome();
      await make(home);
      await execa("gpgconf", ["--kill", "all"], { env: home.env });
      const dist = await makeDist(join(folder, "dist"));
      const to = ["dir=out", "tar=b.tar", "apt=repo"].flatMap((place) => ["--to", place]);
      const result = await kovnBuild(folder, ["publish", dist, ...to, "--sign", name], home.env);
      expect(result).toMatchObject({ exitCode: 1, stdout: "" });
      expect(result.stderr).toContain(says);
      expect(result.stderr).toContain("  -> ");
      expect((await readdir(folder)).filter((one) => one !== "dist")).toEqual([]);
    });
});

describe("before anything is published, publish reports", () => {
  test("a gpg that is not installed, and one that cannot start its agent", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    const args = ["publish", dist, "--to", "dir=out", "--sign", name];
    const absent = await kovnBuild(folder, args, { PATH: join(folder, "nothing") });
    expect(absent).toMatchObject({ exitCode: 1 });
    expect(absent.stderr).toContain("-> apt-get install gpg gpg-agent");
    await using home = await makeHome();
    await home.gpg("--quick-generate-key", name, "ed25519", "sign", "never");
    // The agent's socket has a path that is too long.
    const long = join(folder, "a".repeat(100));
    await mkdir(long, { mode: 0o700 });
    await home.gpg("--output", join(folder, "public"), "--export", name);
    await execa("gpg", ["--batch", "--import", join(folder, "public")], { env: { GNUPGHOME: long }, reject: false });
    const result = await kovnBuild(folder, args, { GNUPGHOME: long });
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toContain("gpg cannot use its agent: ");
    expect((await readdir(folder)).includes("out")).toBe(false);
  });
});

test("a repository whose key has expired meanwhile is signed with another one, and not with that", async ({ folder }) => {
  await using home = await makeHome();
  await home.gpg(...past, "--quick-generate-key", name, "ed25519", "sign", "never");
  const [old = ""] = await home.fingerprints(name);
  const publish = async (revision: number, ...options: readonly string[]) => {
    const dist = await makeDist(join(folder, `d${revision}`), { revision });
    return kovnBuild(folder, ["publish", dist, "--to", "apt=repo", ...options], home.env);
  };
  expect(await publish(1, "--sign", name)).toMatchObject({ exitCode: 0 });
  await home.gpg(...past, "--quick-set-expire", old, "1d");
  const expired = await publish(2, "--sign", name);
  expect(expired).toMatchObject({ exitCode: 1, stdout: "" });
  expect(expired.stderr).toContain("it expired on 2020-01-02.");
  await home.gpg("--quick-generate-key", "new@example.com", "ed25519", "sign", "never");
  const [fresh = ""] = await home.fingerprints("new@example.com");
  expect(await publish(2, "--sign", "new@example.com")).toMatchObject({ exitCode: 1, stdout: "" });
  expect(await publish(2, "--sign", "new@example.com", "--change-key", old)).toMatchObject({ exitCode: 0 });
  expect(await signerOf(home, join(folder, "repo/dists/bookworm/InRelease"))).toBe(fresh);
});

describe("publish signs", () => {
  test("a state of an apt repository once, although it is made for the check and for the publish", async ({ folder }) => {
    await using home = await makeHome();
    await home.gpg("--quick-generate-key", name, "ed25519", "sign", "never");
    await using bin = await makeBin({ gpg: 'echo "$@" >> "$dir/asked"; exec /usr/bin/gpg "$@"' });
    for (const revision of [1, 2]) {
      await writeFile(join(bin.dir, "asked"), "");
      const dist = await makeDist(join(folder, `dist${revision}`), { revision });
      const args = ["publish", dist, "--to", "apt=repo", "--sign", name];
      const env = { ...home.env, PATH: `${bin.path}:${process.env["PATH"]}` };
      expect(await kovnBuild(folder, args, env)).toMatchObject({ exitCode: 0 });
      const asked = (await readFile(join(bin.dir, "asked"), "utf8")).match(/--(clearsign|detach-sign)/g);
      // The key is tried first.
      expect(asked?.toSorted()).toEqual(["--clearsign", "--detach-sign", "--detach-sign"]);
      expect(await signerOf(home, join(folder, "repo/dists/bookworm/InRelease"))).toBeDefined();
    }
  });

  test("with the subkey that is named, else with the newest, and again when another one is named", async ({ folder }) => {
    await using home = await makeHome();
    await home.gpg("--quick-generate-key", name, "ed25519", "cert", "never");
    const [primary = ""] = await home.fingerprints(name);
    for (const _ of [1, 2]) {
      await home.gpg("--quick-add-key", primary, "ed25519", "sign", "never");
      // gpg compares the times at which keys were made, in seconds.
      await execa("sleep", ["1.1"]);
    }
    const [, older = "", newer = ""] = await home.fingerprints(name);
    const dist = await makeDist(join(folder, "dist"));
    const publish = (key: string) =>
      kovnBuild(folder, ["publish", dist, "--to", "apt=repo", "--to", "dir=out", "--sign", key], home.env);
    const signers = async () => [
      await signerOf(home, join(folder, "repo/dists/bookworm/InRelease")),
      await signerOf(home, join(folder, "out/SHA256SUMS.asc"), join(folder, "out/SHA256SUMS")),
    ];
    for (const [key, expected] of [
      [older, older],
      [newer.slice(-16), newer],
      [`${older}!`, older],
      [name, newer],
      [primary, newer],
    ] as const) {
      expect(await publish(key), key).toMatchObject({ exitCode: 0 });
      expect(await signers(), key).toEqual([expected, expected]);
    }
    const again = await publish(name);
    expect(again.stdout).toContain("apt=repo: nothing to do");
    expect(await publish(`${primary}!`)).toMatchObject({ exitCode: 1 });
  });

  test("with a locked key as docs/releasing.md says for CI", async ({ folder }) => {
    await using home = await makeHome();
    const lock = ["--passphrase", "secret", "--pinentry-mode", "loopback"];
    await home.gpg(...lock, "--quick-generate-key", name, "ed25519", "sign", "never");
    await home.gpg(...lock, "--armor", "--output", join(folder, "secret.asc"), "--export-secret-keys", name);
    const ci = await mkdtemp(join(tmpdir(), "gpg-"));
    const env = { GNUPGHOME: ci, SIGNING_KEY: await readFile(join(folder, "secret.asc"), "utf8"), SIGNING_PASSPHRASE: "secret" };
    const docs = await readFile("docs/releasing.md", "utf8");
    const [, section = ""] = docs.split("## How do I sign in CI?\n");
    const [, script = ""] = /```sh\n([^]*?)```/.exec(section) ?? [];
    const commands = script.split("\n").filter((line) => !/GNUPGHOME=|kovn-build/.test(line));
    try {
      await execa("sh", ["-euc", commands.join("\n")], { env });
      const dist = await makeDist(join(folder, "dist"));
      const args = ["publish", dist, "--to", "dir=out", "--sign", name];
      expect(await kovnBuild(folder, args, { GNUPGHOME: ci })).toMatchObject({ exitCode: 0 });
      expect(await signerOf(home, join(folder, "out/SHA256SUMS.asc"), join(folder, "out/SHA256SUMS"))).toBe(
        (await home.fingerprints(name))[0],
      );
    } finally {
      await execa("gpgconf", ["--kill", "all"], { env: { GNUPGHOME: ci } });
      await rm(ci, { recursive: true, force: true, maxRetries: 10 });
    }
  });
});
