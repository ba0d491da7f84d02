import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import type { Intended, Published } from "../../src/publish/publish.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { makeDist } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import { makeTagged } from "../helpers/github-publish.ts";
import { startGitHub } from "../helpers/github.ts";
import { hasRegistry, startFront, startRegistry } from "../helpers/registry.ts";

type Env = Readonly<Record<string, string>>;

/** Runs a dry run, and expects that it leaves the folder as it was. Returns what it would do. */
async function intendIn(folder: string, args: readonly string[], env: Env = {}): Promise<Intended["destinations"]> {
  const before = await contentOf(folder);
  const { exitCode, stdout, stderr } = await kovnBuild(folder, ["publish", ...args, "--dry-run", "--json"], env);
  expect(stderr).not.toContain("bug in kovn-build");
  expect(exitCode).toBe(0);
  expect(withoutWork(await contentOf(folder))).toEqual(withoutWork(before));
  const { dryRun, destinations } = JSON.parse(stdout) as Intended & { readonly dryRun: boolean };
  expect(dryRun).toBe(true);
  return destinations;
}

function withoutWork(content: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(content).filter(([path]) => !/^\.kovn(\/|$)/.test(path)));
}

/**
 * Expects that a publish into a folder does to each file what its dry run said, and no more. Returns
 * each file's change.
 */
async function expectTrue(folder: string, place: string, args: readonly string[], env: Env = {}) {
  const [{ files } = { files: [] }] = await intendIn(folder, args, env);
  const said = new Map(files.map(({ name, change }) => [name, change]));
  expect(said.size).toBe(files.length);
  const read = async () => contentOf(join(folder, place)).catch((): Readonly<Record<string, string>> => ({}));
  const before = await read();
  expect(await kovnBuild(folder, ["publish", ...args], env)).toMatchObject({ exitCode: 0 });
  const after = await read();
  const done = new Map<string, string>();
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (after[name] === "folder" || (before[name] === "folder" && after[name] === undefined)) continue;
    if (after[name] === before[name]) done.set(name, "same");
    else done.set(name, before[name] === undefined ? "new" : after[name] === undefined ? "removed" : "other");
  }
  const expected = [...said].map(([name, change]): readonly [string, string] => {
    if (change === "dropped") return [name, "same"];
    if (change === "repaired") return [name, before[name] === undefined ? "new" : "other"];
    return [name, change === "replaced" ? "other" : change];
  });
  for (const [name, change] of expected) expect([name, done.get(name)]).toEqual([name, change]);
  const silent = [...done].filter(([name, change]) => change !== "same" && !said.has(name));
  expect(silent).toEqual([]);
  return said;
}

/** A gpg home with a key, without a passphrase. */
async function makeKey(name: string) {
  const home = await mkdtemp(join(tmpdir(), "gpg-"));
  const env = { GNUPGHOME: home };
  await execa("gpg", ["--batch", "--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "never"], { env });
  return {
    env,
    async [Symbol.asyncDispose]() {
      await execa("gpgconf", ["--kill", "all"], { env });
      await rm(home, { recursive: true, force: true });
    },
  };
}

const timeout = 120_000;

describe("publish --dry-run", { timeout }, () => {
  test("says what a folder gets, what it has, and what is written again, and a publish does that", async ({ folder }) => {
    await makeDist(join(folder, "dist"));
    const args = ["--to", "dir=out"];
    expect(new Set((await expectTrue(folder, "out", args)).values())).toEqual(new Set(["new"]));
    expect(new Set((await expectTrue(folder, "out", args)).values())).toEqual(new Set(["same"]));
    await writeFile(join(folder, "out/demo_1.2.3-1+kovn1.00000001_amd64.deb"), "damaged");
    await rm(join(folder, "out/artifacts-linux-debian-12-amd64-default.json"));
    const said = await expectTrue(folder, "out", args);
    expect([...said].filter(([, change]) => change !== "same")).toEqual([
      ["demo_1.2.3-1+kovn1.00000001_amd64.deb", "repaired"],
      ["artifacts-linux-debian-12-amd64-default.json", "repaired"],
    ]);
  });

  test("says the same of signatures: new, kept, replaced by those of another key", async ({ folder }) => {
    await makeDist(join(folder, "dist"));
    await using one = await makeKey("one@example.com");
    await using other = await makeKey("other@example.com");
    for (const [to, place, name] of [
      ["dir=out/dir", "out/dir", "SHA256SUMS.asc"],
      ["tar=out/a.tar", "out", "a.tar.asc"],
    ] as const) {
      const args = ["--to", to, "--sign"];
      expect((await expectTrue(folder, place, ["--to", to])).get(name)).toBeUndefined();
      expect((await expectTrue(folder, place, [...args, "one@example.com"], one.env)).get(name)).toBe("new");
      expect((await expectTrue(folder, place, [...args, "one@example.com"], one.env)).get(name)).toBe("same");
      expect((await expectTrue(folder, place, [...args, "other@example.com"], other.env)).get(name)).toBe("replaced");
    }
  });

  test("says each file of an apt repository, its indices too, through five publishes and a repair", async ({ folder }) => {
    await using key = await makeKey("apt@example.com");
    const args = ["--to", "apt=apt", "--sign", "apt@example.com", "--keep", "1"];
    const counts: (readonly [string, number])[][] = [];
    for (const revision of [1, 2, 3, 4, 4]) {
      await makeDist(join(folder, "dist"), { revision });
      const all = [...(await expectTrue(folder, "apt", args, key.env)).values()];
      counts.push([...new Set(all)].toSorted().map((change) => [change, all.filter((one) => one === change).length]));
    }
    expect(counts.map((row) => row.map(([change]) => change))).toEqual([
      ["new"],
      ["dropped", "new", "replaced", "same"],
      ["dropped", "new", "removed", "replaced", "same"],
      ["dropped", "new", "removed", "replaced", "same"],
      ["same"],
    ]);
    const damaged = "pool/bookworm/1.0/demo_1.2.3-1+kovn4.00000004_amd64.deb";
    await writeFile(join(folder, "apt", damaged), "damaged");
    await rm(join(folder, "apt/dists/bookworm/1.0/binary-amd64/Packages"));
    const said = await expectTrue(folder, "apt", args, key.env);
    expect([...said].filter(([, change]) => change !== "same")).toEqual([
      [damaged, "repaired"],
      ["dists/bookworm/1.0/binary-amd64/Packages", "new"],
    ]);
    // A second suite.
    await makeDist(join(folder, "trixie"), { distribution: "debian 13", variant: "legacy", revision: 4 });
    const more = await expectTrue(folder, "apt", ["trixie", "dist", ...args], key.env);
    expect([...more.keys()].filter((name) => name.endsWith(".deb"))).toHaveLength(4);
    expect(more.get(".kovn-apt.json")).toBe("replaced");
  });

  test("prints for people, and refuses what a publish refuses", async ({ folder }) => {
    await makeDist(join(folder, "dist"), { others: ["a.zip"] });
    const { stdout } = await kovnBuild(folder, ["publish", "--to", "apt=apt", "--to", "tar=a.tar", "--dry-run"]);
    expect(stdout).toMatch(/^apt=apt: \d+ new \(nothing is written\)\n {2}new {7}pool\/bookworm\/1\.0\/demo-data_1\.2\.3/);
    expect(stdout).toMatch(/^ {2}left out {2}a\.zip: not a Debian package$/m);
    expect(stdout).toMatch(/^tar=a\.tar: 1 new \(nothing is written\)\n {2}new {7}a\.tar$/m);
    await writeFile(join(folder, "a.tar"), "mine");
    const before = await contentOf(folder);
    expect(await kovnBuild(folder, ["publish", "--to", "dir=out", "--to", "tar=a.tar", "--dry-run"])).toMatchObject({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining("a.tar exists and is a different bundle") as unknown,
    });
    expect(await kovnBuild(folder, ["publish", "--repair", "apt=apt", "--dry-run"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("--dry-run is for artifacts, not for --repair.\n  -> leave out one of the two") as unknown,
    });
    expect(withoutWork(await contentOf(folder))).toEqual(withoutWork(before));
  });

  test("only reads from GitHub, and says the release, its notes and its files, also of a draft", async ({ folder }) => {
    const { project, commit } = await makeTagged(folder);
    let isBroken = true;
    await using server = await startGitHub({
      tags: { "v1.0.0": commit },
      faultOf: ({ kind, name }) => (isBroken && kind === "upload" && name === "ovs.msi" ? { fault: "forbidden" } : undefined),
    });
    const args = ["--to", "github"];
    const fresh = await intendIn(project, args, server.env);
    const plain = await kovnBuild(project, ["publish", ...args, "--dry-run"], server.env);
    expect(plain.stdout).toContain(`\n  tag       v1.0.0, commit ${commit}\n  release   Kube-OVN 1.0.0: demo 1.2.3\n\n`);
    expect(server.state.seen.map(({ method }) => method)).not.toContain("POST");
    expect(server.state.releases).toEqual([]);
    // A first publish breaks off after a half upload.
    expect(await kovnBuild(project, ["publish", ...args], server.env)).toMatchObject({ exitCode: 1 });
    isBroken = false;
    const [draft] = server.state.releases;
    draft?.assets.push({ id: 999, name: "stray.txt", size: 1, digest: "", state: "uploaded", content: "x" });
    const [held] = draft?.assets ?? [];
    if (held !== undefined) held.digest = `sha256:${"0".repeat(64)}`;
    const number = server.state.seen.length;
    const state = JSON.stringify(server.state.releases);
    const [left] = await intendIn(project, args, server.env);
    expect(JSON.stringify(server.state.releases)).toBe(state);
    expect(new Set(server.state.seen.slice(number).map(({ method }) => method))).toEqual(new Set(["GET"]));
    const said = new Map(left?.files.map(({ name, change }) => [name, change]));
    expect([said.get("stray.txt"), said.get("ovs.msi"), said.get(held?.name ?? "")]).toEqual(["removed", "new", "replaced"]);
    const { stdout } = await kovnBuild(project, ["publish", ...args, "--json"], server.env);
    const [outcome] = (JSON.parse(stdout) as Published).outcomes;
    const changed = (wanted: string) => (left?.files ?? []).flatMap(({ name, change }) => (change === wanted ? [name] : []));
    expect([outcome?.added, outcome?.replaced, outcome?.removed]).toEqual([
      changed("new"),
      changed("replaced"),
      changed("removed"),
    ]);
    expect(new Set((await intendIn(project, args, server.env))[0]?.files.map(({ change }) => change))).toEqual(new Set(["same"]));
    const [release] = server.state.releases;
    expect(fresh[0]?.files.map(({ name }) => name).toSorted()).toEqual(release?.assets.map(({ name }) => name).toSorted());
    expect(release?.body).toContain(fresh[0]?.release?.notes);
  });

  test.skipIf(!hasRegistry)("only reads from a registry, and says its tags and what is sent", async ({ folder }) => {
    await using registry = await startRegistry(folder);
    await using front = await startFront(registry, () => undefined);
    const dists = [
      await makeDist(join(folder, "amd64"), { distribution: "debian 12" }),
      await makeDist(join(folder, "trixie"), { distribution: "debian 13" }),
    ];
    const args = [...dists, "--to", `oci=${front.host}/o/packages:1`];
    const [fresh] = await intendIn(folder, args);
    expect(front.seen.filter((asked) => !/^(GET|HEAD) /.test(asked))).toEqual([]);
    expect(new Set(fresh?.files.map(({ change }) => change))).toEqual(new Set(["new"]));
    const published = async () => {
      const { exitCode, stdout } = await kovnBuild(folder, ["publish", ...args, "--json"]);
      expect(exitCode).toBe(0);
      return (JSON.parse(stdout) as Published).outcomes[0];
    };
    const names = (wanted: string, all = fresh) => all?.files.flatMap(({ name, change }) => (change === wanted ? [name] : []));
    const outcome = await published();
    expect(outcome?.added).toEqual(names("new"));
    expect(outcome?.added).toEqual(expect.arrayContaining(["1-bookworm", "1-trixie"]));
    expect(outcome?.images).toEqual(fresh?.images);
    const [again] = await intendIn(folder, args);
    expect(new Set(again?.files.map(({ change }) => change))).toEqual(new Set(["same"]));
    // One that the registry lost.
    const blobs = join(registry.storage, "docker/registry/v2/repositories/o/packages/_layers");
    await rm(blobs, { recursive: true });
    const [lost] = await intendIn(folder, args);
    expect(names("repaired", lost)).not.toEqual([]);
    expect((await published())?.repaired).toEqual(names("repaired", lost));
  });
});
