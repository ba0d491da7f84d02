import { appendFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { queryPackages } from "../sys/dpkg-query.ts";
import { exec, type ExecOptions, type Host } from "../sys/exec.ts";
import { folderSize } from "../sys/files.ts";
import { makeRecord } from "../record.ts";
import { architecturesOf, type ArchiveRequest } from "./archive.ts";
import type { Container } from "./containers.ts";
import { explain, reasonsIn } from "./explain.ts";
import { sourcesOf } from "./mirrors.ts";
import { inNamespaces } from "./namespaces.ts";
import { removeTree } from "./remove-tree.ts";

/** What a root is made of. */
export interface RootRequest extends ArchiveRequest {
  /** The packages that are asked for; those that these need come with them. */
  readonly packages: readonly string[];
  /** What makes it and runs programs in it, if not mmdebstrap and bubblewrap. */
  readonly runner?: Container["program"] | undefined;
  /** Files of packages to install besides, and what they need. */
  readonly debs?: readonly { readonly path: string; readonly sha256: string }[];
}

/** What a root has, known when it is made. */
export interface RootContent {
  /** Versions of all packages; those of the foreign architecture have it in their names. */
  readonly packages: Readonly<Record<string, string>>;
  /** Bytes. */
  readonly size: number;
}

/** The user of a root that jobs run as; it has no rights. */
export const rootUser = 1000;

/** Where, in the folder of a root that is made, lies what apt downloaded for it. */
export function downloadsIn(folder: string): string {
  return join(folder, "apt");
}

/**
 * Runs a program that writes a tree, and waits for the disk nowhere: the tree is the upper layer of a
 * volatile overlay (overlayfs). dpkg waits thousands of times. Where no overlay can be mounted, it only takes
 * longer.
 */
const withoutSync = `tree=$1; shift
mkdir "$TMPDIR/empty" "$TMPDIR/work"
mount -t overlay -o "volatile,userxattr,lowerdir=$TMPDIR/empty,upperdir=$tree,workdir=$TMPDIR/work" overlay "$tree" 2>/dev/null
exec "$@"`;

/**
 * Makes a root in `<folder>/tree` with mmdebstrap(1), of the lists and packages in
 * `downloadsIn(folder)`. Throws as `explain` makes it.
 */
export async function makeTree(request: RootRequest, folder: string, host: Host): Promise<RootContent> {
  const { known, mirrors, debs = [] } = request;
  // What starts with a path is one path, to its end (mmdebstrap(1)).
  const included = [...(request.packages.length === 0 ? [] : [request.packages.join(",")]), ...debs.map(({ path }) => path)];
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
      ...included.map((value) => `--include=${value}`),
    ],
    ...["--skip=update", "--skip=cleanup/apt/lists", '--setup-hook=cp --recursive "$KOVN_DOWNLOADS/." "$1"'],
    // Makes the files of packages visible in the root.
    ...(debs.length === 0 ? [] : ["--hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount"]),
    // Who needs another architecture than the machine's has looked whether it can be emulated.
    "--skip=check/qemu",
    // The folder is renamed only when all of it is on the disk.
    "--dpkgopt=force-unsafe-io",
    // apt's own user may not enter the folders of an ordinary user.
    '--aptopt=APT::Sandbox::User "root"',
    ...['--aptopt=Acquire::Languages "none"', '--aptopt=Acquire::Retries "2"', '--aptopt=Acquire::http::Timeout "15"'],
  ];
  const env = { TMPDIR: temporary, HOME: temporary, LC_ALL: "C", KOVN_DOWNLOADS: downloadsIn(folder) };
  await mkdir(tree);
  await runMaker([...inNamespaces, "sh", "-c", withoutSync, "sh", tree, "mmdebstrap", ...options, "", tree, "-"], request, {
    host: { ...host, env: { ...host.env, ...env } },
    input: `${sourcesOf(known, architectures, mirrors).join("\n")}\n`,
  });
  // What the machine put there, and what nobody needs any more.
  const rest = ["var/lib/apt/lists", "etc/resolv.conf", "etc/hostname"].map((path) => join(tree, path));
  for (const path of [...rest, downloadsIn(folder)]) await rm(path, { recursive: true, force: true });
  await removeTree(temporary, host);
  await appendFile(join(tree, "etc/passwd"), `builder:x:${rootUser}:${rootUser}::/nonexistent:/bin/sh\n`);
  await appendFile(join(tree, "etc/group"), `builder:x:${rootUser}:\n`);
  // All of it is its owner's: of an ordinary user, some files belong to ids of the namespace.
  await runMaker([...inNamespaces, "chown", "--recursive", "--no-dereference", "0:0", tree], request, { host });
  await runMaker(["sync", "--file-system", tree], request, { host });
  return { packages: await packagesIn(tree, request, host), size: await folderSize(tree) };
}

/** Runs a program that makes a root, with its progress as that of the task. Throws as `explain` makes it. */
export async function runMaker(
  [program = "", ...args]: readonly string[],
  { known }: RootRequest,
  options: Omit<ExecOptions, "onLines">,
): Promise<void> {
  let said = "";
  let last = "";
  const onLines = async (lines: readonly string[]) => {
    for (const line of lines) {
      const doing = /^(?:I: (?!running )(?=[a-z])|(?=(?:Unpacking|Setting up) ))(.*)/.exec(line)?.[1];
      if (doing !== undefined) options.host.task.say(doing);
      else if (line.trim() !== "") last = line.trim();
      said += reasonsIn(line).length > 0 ? `${line}\n` : "";
    }
  };
  const { exitCode } = await exec(program, args, { ...options, onLines });
  if (exitCode !== 0) throw explain(known, reasonsIn(said), last || `${program} ended with exit code ${exitCode}`);
}

/** Versions of the packages of the root in `tree`. */
export async function packagesIn(tree: string, { foreign }: RootRequest, host: Host): Promise<RootContent["packages"]> {
  const rows = await queryPackages(["Package", "Version", "Architecture"], { host, tree });
  const named = (name: string, arch?: string) => (arch === foreign ? `${name}:${arch}` : name);
  return makeRecord(rows.map(([name = "", version = "", arch]) => [named(name, arch), version]));
}
