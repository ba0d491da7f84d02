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
  /** The packages that are asked for; those that these need come with them. */
  readonly packages: readonly string[];
  readonly mirrors: Mirrors;
}

/** What a root has, known when it is made. */
export interface RootContent {
  /** Versions of all packages. */
  readonly packages: Readonly<Record<string, string>>;
  /** sha256 of each `InRelease` that apt verified, sorted. */
  readonly releases: readonly string[];
}

/** The user of a root that jobs run as; it has no rights. */
export const rootUser = 1000;

/**
 * Makes a root in `<folder>/tree` with mmdebstrap(1), which has apt verify the archive's signatures.
 * Throws "project" for a package that the distribution lacks, "machine" for a full disk, and
 * "network" with apt's reasons for anything else.
 */
export async function makeTree(request: RootRequest, folder: string, host: Host): Promise<RootContent> {
  const { known, arch, packages, mirrors } = request;
  const tree = join(folder, "tree");
  const temporary = join(folder, "tmp");
  await mkdir(temporary);
  const options = [
    ...["--mode=root", "--variant=apt", "--format=directory", `--architectures=${arch}`, `--include=${packages.join(",")}`],
    // The folder is renamed only when all of it is on the disk.
    "--dpkgopt=force-unsafe-io",
    // apt's own user may not enter the folders of an ordinary user.
    '--aptopt=APT::Sandbox::User "root"',
    ...['--aptopt=Acquire::Languages "none"', '--aptopt=Acquire::Retries "2"', '--aptopt=Acquire::http::Timeout "15"'],
    "--skip=cleanup/apt/lists",
  ];
  await run([...inNamespaces, "mmdebstrap", ...options, "", tree, "-"], request, {
    host: { ...host, env: { ...host.env, TMPDIR: temporary, HOME: temporary, LC_ALL: "C" } },
    input: `${sourcesOf(known, arch, mirrors).join("\n")}\n`,
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
  return { packages: await packagesIn(tree, host), releases: releases.toSorted() };
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
  const lacking = reasons.flatMap((reason) => /Unable to locate package (\S+)/.exec(reason)?.[1] ?? []);
  if (lacking.length > 0)
    return new BuildError("project", `Root ${name} cannot be made: ${distribution} has no package ${listOf(lacking)}.`);
  if (reasons.some((reason) => reason.includes("No space left")))
    return new BuildError("machine", `Root ${name} cannot be made: no space is left on the disk.`, {
      hint: "free some space: kovn-build cache prune --keep-runs 1",
    });
  return new BuildError("network", `Root ${name} cannot be made:\n  ${said}`, {
    hint: "check the network and the clock, or name another archive: --mirror URL, --mirror security=URL",
  });
}

async function packagesIn(tree: string, host: Host): Promise<Readonly<Record<string, string>>> {
  const args = [`--admindir=${join(tree, "var/lib/dpkg")}`, "--show", "--showformat=${Package}\\t${Version}\\n"];
  const { stdout } = await exec("dpkg-query", args, { host, env: { LC_ALL: "C" } });
  const rows = stdout.split("\n").map((row) => row.split("\t"));
  return makeRecord(rows.flatMap(([name = "", version]) => (version === undefined ? [] : [[name, version] as const])));
}
