import { mkdir, readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { glob } from "../sys/glob.ts";
import { BuildError } from "../errors.ts";
import { unpackPackage } from "../sys/deb.ts";
import type { Host } from "../sys/exec.ts";
import { runTask } from "../sys/run-task.ts";
import { count } from "../sys/text.ts";
import { unpackZip } from "../sys/zip.ts";
import { makeRecord } from "../record.ts";

/** The built programs in a folder, by name. */
export interface Programs {
  /** The folder as the user named it. */
  readonly dir: string;
  /** The folder that is searched: the same, or the one its packages were unpacked into. */
  readonly root: string;
  readonly paths: Readonly<Record<string, string>>;
  /** Names in `paths` that are programs. */
  readonly executables: ReadonlySet<string>;
  /** Folders of the shared libraries that were built with the programs. */
  readonly libraries: readonly string[];
}

/** Never part of a build's result: stand-ins of autotest, version control. */
const ignore = ["**/testsuite.dir/**", "**/.git/**"];

/**
 * Finds programs (by name and `suffix`) and other files by name anywhere below `dir`: a build tree,
 * unpacked packages, a folder of .deb or .zip files, or a .zip file. Archives are unpacked into
 * `work` first. Throws "usage" when there is no such folder.
 */
export async function findPrograms(
  dir: string,
  names: { readonly programs: readonly string[]; readonly files: readonly string[] },
  work: string,
  host: Host,
  suffix = "",
): Promise<Programs> {
  const root = await unpack(dir, work, host);
  return runTask(host, `find the programs in ${dir}`, async () => searchPrograms(dir, root, names, suffix));
}

async function searchPrograms(
  dir: string,
  root: string,
  names: { readonly programs: readonly string[]; readonly files: readonly string[] },
  suffix: string,
): Promise<Programs> {
  const programs = new Set(names.programs.map((name) => `${name}${suffix}`));
  const all = new Set([...programs, ...names.files]);
  const candidates = await glob([...[...all].map((name) => `**/${name}`), "**/lib{openvswitch,ovsdb,ofproto,sflow,ovn}*.so*"], {
    cwd: root,
    dot: true,
    absolute: true,
    ignore,
  });
  const paths = makeRecord<string>();
  for (const path of candidates.toSorted(byRank)) {
    const file = basename(path);
    const name = programs.has(file) ? basename(file, suffix) : file;
    if (paths[name] !== undefined || /\.so(\.|$)/.test(name)) continue;
    if (programs.has(file) && suffix === "" && !(await isExecutable(path))) continue;
    paths[name] = path;
  }
  const libraries = [...new Set(candidates.filter((path) => /\.so(\.|$)/.test(path)).map((path) => dirname(path)))].toSorted();
  return { dir, root, paths, executables: new Set(names.programs.filter((name) => paths[name] !== undefined)), libraries };
}

/**
 * Returns the folder to search: `dir` itself, or `work`, after unpacking the archives in `dir` (or
 * `dir` as an archive).
 */
async function unpack(dir: string, work: string, host: Host): Promise<string> {
  const folder = resolve(dir);
  const content = folder.endsWith(".zip")
    ? [""]
    : await readdir(folder).catch((cause: unknown) => {
        throw new BuildError("usage", `Folder ${dir} cannot be read.`, {
          hint: "name a folder with built programs or debs",
          cause,
        });
      });
  const packed = content
    .map((name) => join(folder, name))
    .filter((path) => /\.(deb|zip)$/.test(path) && !path.includes("-dbgsym_"));
  if (packed.length === 0) return folder;
  await mkdir(work, { recursive: true });
  await runTask(host, `unpack ${count(packed.length, "archive")} in ${dir}`, async (below) => {
    for (const [index, path] of packed.entries()) {
      below.task.say(`${basename(path)}, ${index + 1} of ${packed.length}`);
      await (path.endsWith(".zip") ? unpackZip(path, work) : unpackPackage(path, work, { host: below }));
    }
  });
  return work;
}

/**
 * Sorts libtool's `.libs` first (the script beside it would link again), then the least deep path.
 */
function byRank(a: string, b: string): number {
  const real = (path: string) => (basename(dirname(path)) === ".libs" ? 0 : 1);
  const depth = (path: string) => path.split("/").length;
  return real(a) - real(b) || depth(a) - depth(b) || (a < b ? -1 : 1);
}

async function isExecutable(path: string): Promise<boolean> {
  return ((await stat(path)).mode & 0o100) !== 0;
}

/** The path of a program or file. A check asks only for those that it declares. */
export function pathOf(programs: Programs, name: string): string {
  const path = programs.paths[name];
  if (path === undefined) throw new Error(`${name} was not looked for`);
  return path;
}

/**
 * A file that identifies the root of a source tree. Both sources have a `debian/rules` and a
 * `Makefile.am`, so these do not.
 */
const landmarks = new Map([
  ["ovs", "vswitchd/ovs-vswitchd.c"],
  ["ovn", "northd/northd.c"],
]);

/**
 * Finds a file of a source tree whose root is anywhere below the folder; undefined when there is no
 * such tree or file.
 */
export async function findSourceFile(programs: Programs, source: string, path: string): Promise<string | undefined> {
  const landmark = landmarks.get(source);
  if (landmark === undefined) return undefined;
  const found = await glob([`**/${landmark}`], { cwd: programs.root, absolute: true, ignore });
  const roots = found.toSorted(byRank).map((file) => file.slice(0, -landmark.length));
  const [file] = await glob(
    roots.slice(0, 1).map((root) => join(root, path)),
    { absolute: true },
  );
  return file;
}
