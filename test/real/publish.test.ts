import { cp, mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect } from "vitest";
import type { Manifest } from "../../src/index.ts";
import { checksums } from "../../src/dist/artifact.ts";
import { sha256File } from "../../src/sys/files.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { inRoot, makeRoot } from "./machine.ts";
import { ovsBuild } from "./ovs-build.ts";
import { makeKey, serve } from "./repository.ts";

/**
 * A folder of real artifacts: the one that KOVN_TEST_DIST names, else that of the build which the
 * tests share.
 */
async function realDist(): Promise<string> {
  const given = process.env["KOVN_TEST_DIST"];
  return given === undefined ? join(await ovsBuild(), "dist/linux") : resolve(given);
}

const readManifest = async (dist: string) => JSON.parse(await readFile(join(dist, "artifacts.json"), "utf8")) as Manifest;

/**
 * What has to be allowed to publish a build of an alternate base, or of a line that is not locked; `verify` has tests of its own.
 */
async function allowances(dist: string): Promise<readonly string[]> {
  const { jobs } = await readManifest(dist);
  return [
    ...(jobs.some((job) => job.alternate) ? ["--allow-alternate"] : []),
    ...(jobs.some((job) => !job.locked) ? ["--allow-unlocked"] : []),
    "--allow-unverified",
  ];
}

/**
 * The next revision of a build without building it: the same packages with a raised version, and
 * what `artifacts.json` says of them.
 */
async function raiseRevision(dist: string, out: string): Promise<string> {
  await cp(dist, out, { recursive: true });
  const manifest = await readManifest(dist);
  const raise = (text: string) => text.replaceAll(/\+kovn(\d+)\./g, (_all, revision: string) => `+kovn${Number(revision) + 1}.`);
  const artifacts = [];
  for (const artifact of manifest.artifacts) {
    const tree = join(out, ".tree");
    await execa("dpkg-deb", ["--raw-extract", join(out, artifact.file), tree]);
    const control = join(tree, "DEBIAN/control");
    await writeFile(control, raise(await readFile(control, "utf8")));
    const file = raise(artifact.file);
    await rm(join(out, artifact.file));
    await execa("dpkg-deb", ["--root-owner-group", "-Zgzip", "-z1", "--build", tree, join(out, file)]);
    await rm(tree, { recursive: true });
    const { size } = await stat(join(out, file));
    artifacts.push({
      ...artifact,
      file,
      size,
      sha256: await sha256File(join(out, file)),
      version: raise(artifact.version ?? ""),
    });
  }
  const jobs = manifest.jobs.map((job) => ({ ...job, revision: job.revision + 1 }));
  await writeFile(join(out, "artifacts.json"), JSON.stringify({ ...manifest, jobs, artifacts }));
  await writeFile(join(out, "SHA256SUMS"), checksums(artifacts));
  return out;
}

describe("a real build of Open vSwitch", () => {
  let dist = "";
  beforeAll(async () => {
    dist = await realDist();
  });

  test("is published to a signed apt repository, from which a clean Debian installs it, then the next revision", async ({
    folder,
  }) => {
    await using key = await makeKey();
    const publish = async (from: string) =>
      kovnBuild(folder, ["publish", from, "--to", "apt=repo", "--sign", key.id, ...(await allowances(from))], key.env);
    expect(await publish(dist)).toMatchObject({ exitCode: 0 });

    const root = join(folder, "root");
    await makeRoot(root);
    await using server = await serve(join(folder, "repo"));
    const { line, artifacts } = await readManifest(dist);
    await cp(key.ring, join(root, "usr/share/keyrings/kovn.gpg"));
    const source = `deb [signed-by=/usr/share/keyrings/kovn.gpg] ${server.url} bookworm ${line}\n`;
    await writeFile(join(root, "etc/apt/sources.list.d/kovn.list"), source);
    const installed = async () => (await inRoot(root, "dpkg-query --show --showformat='${Version}' openvswitch-switch")).stdout;
    const versionOf = (all: Manifest["artifacts"]) => all.find((artifact) => artifact.package === "openvswitch-switch")?.version;
    await inRoot(
      root,
      "apt-get -q update -o APT::Update::Error-Mode=any && apt-get -qy install --no-install-recommends openvswitch-switch",
    );
    expect(await installed()).toBe(versionOf(artifacts));
    expect((await inRoot(root, "ovs-vsctl --version")).stdout).toContain("Open vSwitch");
    const policy = (await inRoot(root, "apt-cache policy openvswitch-switch")).stdout;
    expect(policy).toContain(`${server.url} bookworm/${line} amd64 Packages`);

    const next = await raiseRevision(dist, join(folder, "next"));
    expect(await publish(next)).toMatchObject({ exitCode: 0 });
    await inRoot(root, "apt-get -q update -o APT::Update::Error-Mode=any && apt-get -qy upgrade");
    expect(await installed()).toBe(versionOf((await readManifest(next)).artifacts));

    const before = await contentOf(join(folder, "repo"));
    expect(await publish(next)).toMatchObject({
      exitCode: 0,
      stdout: "apt=repo: nothing to do, everything is already published",
    });
    expect(await contentOf(join(folder, "repo"))).toEqual(before);

    // apt refuses a repository that somebody without the key changed.
    const release = join(folder, "repo/dists/bookworm/InRelease");
    await writeFile(release, (await readFile(release, "utf8")).replace("Label: Kube-OVN", "Label: Kube-0VN"));
    const forged = await inRoot(root, "apt-get -q update -o APT::Update::Error-Mode=any", { reject: false });
    expect(forged.exitCode).not.toBe(0);
  });

  test("as a bundle, publishes the same packages, indices and checksums on another machine", async ({ folder }) => {
    const allowed = await allowances(dist);
    const args = (input: string) => ["publish", input, "--to", "dir=out", "--to", "apt=repo", ...allowed];
    expect(await kovnBuild(folder, [...args(dist), "--to", "tar=ovs.tar"])).toMatchObject({ exitCode: 0 });
    const there = join(folder, "there");
    await mkdir(there);
    await rename(join(folder, "ovs.tar"), join(there, "ovs.tar"));
    expect(await kovnBuild(there, args("ovs.tar"))).toMatchObject({ exitCode: 0 });
    const [here, elsewhere] = await Promise.all([folder, there].map(fileDigests));
    expect(elsewhere).toEqual(here);
    const sums = (await readdir(join(there, "out"))).filter((name) => name === "SHA256SUMS");
    await execa("sha256sum", ["--check", "--strict", ...sums], { cwd: join(there, "out") });
  });
});

/** sha256 of every published file below a folder but `Release`, which has the time. */
async function fileDigests(folder: string): Promise<Readonly<Record<string, string>>> {
  const digests: Record<string, string> = {};
  for (const place of ["out", "repo"])
    for (const entry of await readdir(join(folder, place), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && basename(path) !== "Release") digests[path.slice(folder.length)] = await sha256File(path);
    }
  return digests;
}
