import { appendFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { listOf } from "../list.ts";
import { exec, type Host } from "../sys/exec.ts";
import { sha256File } from "../sys/files.ts";
import { makeRecord } from "../record.ts";
import { sourcesOf, type Mirrors } from "./mirrors.ts";
import { inNamespaces } from "./namespaces.ts";
import type { KnownRoot } from "./known.ts";

/** What a root is made of. */
export interface RootRequest {
  readonly known: KnownRoot;
  /** Debian's name of the architecture. */
  readonly arch: string;
  /** Another architecture that it has packages of, such as `libssl-dev:arm64`, to cross-compile. */
  readonly foreign?: string;
  /** The packages that are asked for; those that these need come with them. */
  readonly packages: readonly string[];
  /** Files of packages to install besides, and what they need. */
  readonly debs?: readonly { readonly path: string; readonly sha256: string }[];
  readonly mirrors: Mirrors;
}

/** What a root has, known when it is made. */
export interface RootContent {
  /** Versions of all packages; those of the foreign architecture have it in their names. */
  readonly packages: Readonly<Record<string, string>>;
  /** sha256 of each `InRelease` that apt verified, sorted. */
  readonly releases: readonly string[];
}

/** The user of a root that jobs run as; it has no rights. */
export const rootUser = 1000;

/**
 * Makes a root in `<folder>/tree` with mmdebstrap(1), which has apt verify the archive's signatures.
 * Throws "project" for a package that the distribution lacks, "machine" for a full disk, "build" for
 * a package that cannot be installed, and "network" with apt's reasons for anything else.
 */
export async function makeTree(request: RootRequest, folder: string, host: Host): Promise<RootContent> {
  const { known, mirrors, debs = [] } = request;
  // A comma separates them (mmdebstrap(1)).
  const packages = [...request.packages, ...debs.map(({ path }) => path.replaceAll("%", "%25").replaceAll(",", "%2C"))];
  const architectures = architecturesOf(request);
  const tree = join(folder, "tree");
  const temporary = join(folder, "tmp");
  await mkdir(temporary);
  const options = [
    ...[
      "--mode=root",
      "--variant=apt",
      "--format=directory",
      `--architectures=${architectures.join(",")}`,
      `--include=${packages.join(",")}`,
    ],
    // Makes the files of packages visible in the root.
    ...(debs.length === 0 ? [] : ["--hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount"]),
    // Who needs another architecture than the machine's has looked whether it can be emulated.
    "--skip=check/qemu",
    // The folder is renamed only when all of it is on the disk.
    "--dpkgopt=force-unsafe-io",
    // apt's own user may not enter the folders of an ordinary user.
    '--aptopt=APT::Sandbox::User "root"',
    ...['--aptopt=Acquire::Languages "none"', '--aptopt=Acquire::Retries "2"', '--aptopt=Acquire::http::Timeout "15"'],
    "--skip=cleanup/apt/lists",
  ];
  await run([...inNamespaces, "mmdebstrap", ...options, "", tree, "-"], request, {
    host: { ...host, env: { ...host.env, TMPDIR: temporary, HOME: temporary, LC_ALL: "C" } },
    input: `${sourcesOf(known, architectures, mirrors).join("\n")}\n`,
  });
  const lists = join(tree, "var/lib/apt/lists");
  const names = (await readdir(lists)).filter((name) => name.endsWith("_InRelease"));
  const releases = await Promise.all(names.map(async (name) => sha256File(join(lists, name))));
  // What the machine put there, and what nobody needs any more.
  for (const path of [lists, join(tree, "etc/resolv.conf"), join(tree, "etc/hostname"), temporary])
    await rm(path, { recursive: true, force: true });
  await appendFile(join(tree, "etc/passwd"), `builder:x:${rootUser}:${rootUser}::/nonexistent:/bin/sh\n`);
  await appendFile(join(tree, "etc/group"), `builder:x:${rootUser}:\n`);
  // All of it is its owner's: of an ordinary user, some files belong to ids of the namespace.
  await run([...inNamespaces, "chown", "--recursive", "--no-dereference", "0:0", tree], request, { host });
  await run(["sync", "--file-system", tree], request, { host });
  return { packages: await packagesIn(tree, request, host), releases: releases.toSorted() };
}

/** The architectures of a root, its own first. */
export function architecturesOf({ arch, foreign }: Pick<RootRequest, "arch" | "foreign">): readonly string[] {
  return foreign === undefined ? [arch] : [arch, foreign];
}

async function run(
  [program = "", ...args]: readonly string[],
  { known }: RootRequest,
  options: { readonly host: Host; readonly input?: string },
): Promise<void> {
  const reasons: string[] = [];
  let last = "";
  const onLines = async (lines: readonly string[]) => {
    for (const line of lines) {
      const [, doing] = /^I: ([a-z].*)/.exec(line) ?? [];
      if (doing !== undefined) options.host.task.say(doing);
      else if (/^(?:[EW]: |dpkg: error|.*No space left)/.test(line)) reasons.push(line.replace(/^[EW]: /, ""));
      else if (line.trim() !== "") last = line.trim();
    }
  };
  const { exitCode } = await exec(program, args, { ...options, onLines });
  if (exitCode !== 0) throw explain(known, [...new Set(reasons)], last || `${program} ended with exit code ${exitCode}`);
}

function explain({ name, distribution }: KnownRoot, reasons: readonly string[], otherwise: string): BuildError {
  const said = reasons.length === 0 ? otherwise : listOf(reasons, "\n  ");
  const broken = reasons.flatMap((reason) => /^dpkg: error processing (?:package|archive) (\S+)/.exec(reason)?.[1] ?? []);
  const lacking = reasons.flatMap((reason) => /Unable to locate package (\S+)/.exec(reason)?.[1] ?? []);
  if (lacking.length > 0)
    return new BuildError("project", `Root ${name} cannot be made: ${distribution} has no package ${listOf(lacking)}.`);
  if (reasons.some((reason) => reason.includes("No space left")))
    return new BuildError("machine", `Root ${name} cannot be made: no space is left on the disk.`, {
      hint: "free some space: kovn-build cache prune --keep-runs 1",
    });
  if (broken.length > 0)
    return new BuildError("build", `Package ${listOf(broken)} cannot be installed in root ${name}:\n  ${said}`);
  return new BuildError("network", `Root ${name} cannot be made:\n  ${said}`, {
    hint: "check the network and the clock, or name another archive: --mirror URL, --mirror security=URL",
  });
}

async function packagesIn(tree: string, { foreign }: RootRequest, host: Host): Promise<RootContent["packages"]> {
  const args = [
    `--admindir=${join(tree, "var/lib/dpkg")}`,
    "--show",
    "--showformat=${Package}\\t${Version}\\t${Architecture}\\n",
  ];
  const { stdout } = await exec("dpkg-query", args, { host, env: { LC_ALL: "C" } });
  const rows = stdout.split("\n").map((row) => row.split("\t"));
  const named = (name: string, arch?: string) => (arch === foreign ? `${name}:${arch}` : name);
  return makeRecord(
    rows.flatMap(([name = "", version, arch]) => (version === undefined ? [] : [[named(name, arch), version] as const])),
  );
}
