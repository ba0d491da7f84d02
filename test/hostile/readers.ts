import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import { describeArtifacts } from "../../src/dist/artifact.ts";
import type { Chance } from "../fuzz/mutate.ts";
import { editManifest } from "../helpers/dist.ts";
import { host } from "../helpers/host.ts";
import { demo } from "../helpers/project.ts";
import { harmBytes, harmFile } from "./harm.ts";

/** What is read, and by which command. Paths are relative to the folder of an input. */
export interface Reader {
  readonly name: string;
  /** Harms what is read, and returns what was done; undefined for the server, which does it itself. */
  readonly harm?: (folder: string, chance: Chance) => Promise<string>;
  readonly args: readonly string[];
  /** What the command may write. */
  readonly writes: RegExp;
}

const file = (path: string) => async (folder: string, chance: Chance) => harmFile(join(folder, path), chance);

/** Harms one of the files with that name in a folder. */
const fileIn = (below: string, name: RegExp) => async (folder: string, chance: Chance) => {
  const names = await readdir(join(folder, below), { recursive: true });
  const found = names.filter((one) => name.test(one)).toSorted();
  const path = found[Math.floor(chance() * found.length)];
  if (path === undefined) throw new Error(`no ${String(name)} in ${below}`);
  return `${basename(path)}: ${await harmFile(join(folder, below, path), chance)}`;
};

const work = /^project\/(\.kovn|tree)(\/|$)/;
const plan = ["plan", "--target", "linux", "--json"];
const apply = ["patches", "apply", "demo", "tree"];

export const readers: readonly Reader[] = [
  { name: "patch", harm: file(`project/${demo}/greet-world.patch`), args: apply, writes: work },
  { name: "series", harm: file(`project/${demo}/series`), args: apply, writes: work },
  { name: "source.yaml", harm: file(`project/${demo}/source.yaml`), args: plan, writes: work },
  { name: "pipeline", harm: file("project/pipelines/test.yaml"), args: plan, writes: work },
  { name: "seed.yaml", harm: file("project/patches/seed.yaml"), args: ["patches", "list"], writes: work },
  { name: "lock.json", harm: file("project/patches/1.0/lock.json"), args: plan, writes: work },
  { name: "release.yaml", harm: file("project/release.yaml"), args: ["publish", "../next", "--dry-run"], writes: work },
  {
    name: "artifacts.json",
    harm: file("next/linux/artifacts.json"),
    args: ["publish", "../next", "--to", "dir=../out"],
    writes: /^(out|project\/\.kovn)(\/|$)/,
  },
  {
    name: "bundle",
    harm: harmBundle,
    args: ["publish", "../bundle.tar", "--to", "dir=../out"],
    writes: /^(out|project\/\.kovn)(\/|$)/,
  },
  {
    name: "Release",
    harm: fileIn("apt/dists", /(^|\/)Release$/),
    args: ["publish", "../next", "--to", "apt=../apt"],
    writes: /^(apt|project\/\.kovn)(\/|$)/,
  },
  {
    name: "InRelease",
    harm: fileIn("signed/dists", /(^|\/)InRelease$/),
    args: ["publish", "../next", "--to", "apt=../signed", "--sign", "release@example.com"],
    writes: /^(signed|project\/\.kovn|gnupg)(\/|$)/,
  },
  {
    name: "Packages",
    harm: harmPackages,
    args: ["publish", "../next", "--to", "apt=../apt"],
    writes: /^(apt|project\/\.kovn)(\/|$)/,
  },
  {
    name: "control",
    harm: harmControl,
    args: ["publish", "../next", "--to", "apt=../apt"],
    writes: /^(apt|project\/\.kovn)(\/|$)/,
  },
  {
    name: "cached result",
    harm: fileIn("project/.kovn/cache/jobs", /entry\.json$/),
    args: ["--target", "linux"],
    writes: /^project\/(\.kovn|dist)(\/|$)/,
  },
  { name: "events", harm: fileIn("project/.kovn/runs", /events\.jsonl$/), args: ["report"], writes: work },
  {
    name: "GitHub",
    args: ["publish", "../next", "--to", "github=o/r", "--tag", "v1.0.0"],
    writes: /^project\/\.kovn(\/|$)/,
  },
];

/** Harms a bundle, or a file in it. */
async function harmBundle(folder: string, chance: Chance): Promise<string> {
  const path = join(folder, "bundle.tar");
  if (chance() < 0.5) return harmFile(path, chance);
  const dir = join(folder, "unpacked");
  await execa("mkdir", [dir]);
  await execa("tar", ["--extract", "--file", path, "--directory", dir]);
  const what = await fileIn("unpacked", /\.(json|deb)$/)(folder, chance);
  await rm(path);
  await execa("tar", ["--create", "--file", path, "--directory", dir, ...(await readdir(dir)).toSorted()]);
  await rm(dir, { recursive: true });
  return what;
}

/** Harms an index of packages, sometimes with its digests in `Release` as if it were right. */
async function harmPackages(folder: string, chance: Chance): Promise<string> {
  const dists = join(folder, "apt/dists");
  const names = (await readdir(dists, { recursive: true })).filter((name) => /\/Packages(\.xz)?$/.test(name)).toSorted();
  const path = names[Math.floor(chance() * names.length)] ?? "";
  if (chance() < 0.4) return harmFile(join(dists, path), chance);
  const plain = path.replace(/\.xz$/, "");
  const isBomb = chance() < 0.05;
  const text = isBomb ? Buffer.alloc(200_000_000, 32) : harmBytes(await readFile(join(dists, plain)), chance);
  const { stdout: packed } = await execa("xz", ["--stdout", "-1"], { input: text, encoding: "buffer" });
  const [line = ""] = path.split("/");
  const inner = plain.slice(line.length + 1);
  const hashed = (data: Uint8Array) => execa("sha256sum", { input: data }).then(({ stdout }) => stdout.slice(0, 64));
  let release = await readFile(join(dists, line, "Release"), "utf8");
  for (const [name, data] of [
    [inner, text],
    [`${inner}.xz`, packed],
  ] as const) {
    const digest = await hashed(data);
    await writeFile(join(dists, line, name), data).catch(() => undefined);
    const dir = join(dists, line, name, "../by-hash/SHA256");
    await writeFile(join(dir, digest), data).catch(() => undefined);
    release = release.replace(
      new RegExp(` [0-9a-f]{64} +\\d+ ${name.replaceAll(".", "\\.")}$`, "m"),
      ` ${digest} ${data.length} ${name}`,
    );
  }
  await writeFile(join(dists, line, "Release"), release);
  return isBomb ? "200 MB of blanks, with their digest" : "other bytes, with their digest";
}

/** Harms the control file of a package, and describes the package in the manifest as if it were right. */
async function harmControl(folder: string, chance: Chance): Promise<string> {
  const dist = join(folder, "next/linux");
  const debs = (await readdir(dist)).filter((name) => name.endsWith(".deb")).toSorted();
  const deb = debs[Math.floor(chance() * debs.length)] ?? "";
  const dir = join(folder, "control");
  await execa("dpkg-deb", ["--control", join(dist, deb), dir]);
  const control = harmBytes(await readFile(join(dir, "control")), chance);
  await writeFile(join(dir, "control"), control);
  const { stdout: packed } = await execa("tar", ["--create", "--gzip", "--directory", dir, "."], { encoding: "buffer" });
  const { stdout: data } = await execa("tar", ["--create", "--gzip", "--files-from", "/dev/null"], { encoding: "buffer" });
  await rm(dir, { recursive: true });
  await writeFile(
    join(dist, deb),
    Buffer.concat([
      Buffer.from("!<arch>\n"),
      ...archived("debian-binary", Buffer.from("2.0\n")),
      ...archived("control.tar.gz", packed),
      ...archived("data.tar.gz", data),
    ]),
  );
  const [artifact] = await describeArtifacts({ id: "demo", artifacts: [deb] }, dist, host).catch(() => []);
  const { stdout: size } = await execa("stat", ["--format=%s", join(dist, deb)]);
  const { stdout: sum } = await execa("sha256sum", [join(dist, deb)]);
  await editManifest(dist, (manifest) => ({
    ...manifest,
    artifacts: manifest.artifacts.map((one) =>
      one.file === deb ? (artifact ?? { ...one, size: Number(size), sha256: sum.slice(0, 64) }) : one,
    ),
  }));
  return "other bytes in a whole package";
}

/** A member of an ar(5) archive. */
function archived(name: string, data: Uint8Array): readonly Uint8Array[] {
  const head = `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${String(data.length).padEnd(10)}\u0060\n`;
  return [Buffer.from(head), data, Buffer.alloc(data.length % 2, 10)];
}
