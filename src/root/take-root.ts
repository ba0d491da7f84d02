import { chmod, mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { BuildError } from "../errors.ts";
import { keyOf } from "../plan/key.ts";
import { rootInNames } from "../plan/root.ts";
import { downloadUnknown } from "../sys/download.ts";
import type { Host } from "../sys/exec.ts";
import { exists, sha256 } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { readText } from "../sys/read-file.ts";
import { runTask } from "../sys/run-task.ts";
import { findStale, stageFolder, stagingOf } from "../sys/staging.ts";
import { makeFolders, renameSynced } from "../sys/sync.ts";
import { isLocked, lockBeside, lockIn, withLock } from "../sys/with-lock.ts";
import { writeWhole } from "../sys/write-whole.ts";
import { architecturesOf, makeTree, type RootRequest } from "./make.ts";
import { releasesOf } from "./mirrors.ts";
import { removeTree } from "./remove-tree.ts";

const schema = z.object({
  schema: z.literal(1),
  name: z.string(),
  /** sha256 of each `InRelease` that it was made of, sorted. */
  releases: z.array(z.string()).readonly(),
  /** Versions of all its packages. */
  packages: z.record(z.string(), z.string()),
  made: z.iso.datetime(),
});

/** A root that is made. */
export interface Root extends Readonly<z.infer<typeof schema>> {
  /** The folder that becomes `/`. */
  readonly tree: string;
}

/** The folder of all roots below `.kovn`. */
export function rootsFolder(work: string): string {
  return join(work, "roots");
}

export interface TakeOptions {
  /** The `.kovn` folder. */
  readonly work: string;
  /** The folder of the run that uses the root; its lock is held as long as that is so. */
  readonly run?: string;
  readonly host: Host;
}

/**
 * Returns a root with these packages, of the archive as it is now: the kept one if it is that, else a
 * new one. If the archive cannot be reached, the newest kept one is taken, with a notice. Roots of
 * older states are removed when no run uses them. Throws as `makeTree` does.
 */
export async function takeRoot(request: RootRequest, { work, run, host }: TakeOptions): Promise<Root> {
  const { known } = request;
  const group = join(rootsFolder(work), groupOf(request));
  await makeFolders(rootsFolder(work));
  return withLock(lockBeside(group), { host, other: `is making root ${known.name}` }, async () => {
    for (const stale of await findStale(group)) await removeTree(stale, host);
    const kept = await listKept(group);
    const now = await readReleases(request, host).catch((error: unknown) => {
      const [newest] = kept;
      if (!(error instanceof BuildError) || error.code !== "network" || newest === undefined) throw error;
      host.task.notice(`${error.message} Root ${known.name} of ${newest.made} is used.`);
      return newest.releases;
    });
    const found = kept.find((root) => root.releases.join() === now.join());
    const root = found ?? (await runTask(host, `make root ${known.name}`, async (below) => make(request, group, below)));
    if (run !== undefined) await markUse(root, run);
    for (const old of kept) if (old.tree !== root.tree) await removeUnused(old, work, host);
    return root;
  });
}

/** The newest kept root with these packages, whatever the archive has now; undefined if there is none. */
export async function newestRoot(request: Omit<RootRequest, "mirrors">, work: string): Promise<Root | undefined> {
  return (await listKept(join(rootsFolder(work), groupOf(request))))[0];
}

/** Removes all roots that no run uses, and what killed runs left. Returns how many there were. */
export async function removeRoots(work: string, host: Host): Promise<number> {
  const names = await readdir(rootsFolder(work)).catch(() => []);
  const groups = new Set(names.flatMap((name) => /^\.?([\w.-]+-[0-9a-f]{16})(?:-[0-9a-f]{16}$|\.kovn-)/.exec(name)?.[1] ?? []));
  let removed = 0;
  for (const group of [...groups].map((name) => join(rootsFolder(work), name)))
    await withLock(lockBeside(group), { host, other: "is removing roots" }, async () => {
      for (const stale of await findStale(group)) await removeTree(stale, host);
      for (const root of await listKept(group)) if (await removeUnused(root, work, host)) removed++;
    });
  return removed;
}

/** Roots with the same group differ only in the state of the archive. */
function groupOf({ known, packages, debs = [], ...request }: Omit<RootRequest, "mirrors">): string {
  const arch = architecturesOf(request).join("-");
  const files = debs.length === 0 ? {} : { debs: debs.map(({ sha256: digest }) => digest).toSorted() };
  const list = keyOf({ name: known.name, arch, packages: [...new Set(packages)].toSorted(), ...files });
  return `${rootInNames(known.name)}-${arch}-${list.slice(0, 16)}`;
}

async function make(request: RootRequest, group: string, host: Host): Promise<Root> {
  const staging = await stageFolder(group);
  // It has programs that run with the rights of its owner.
  await chmod(staging, 0o700);
  try {
    const { packages, releases } = await makeTree(request, staging, host);
    const root = { schema: 1 as const, name: request.known.name, releases, packages, made: new Date().toISOString() };
    await mkdir(join(staging, "uses"));
    await writeWhole(join(staging, "root.json"), `${JSON.stringify(root)}\n`);
    const place = `${group}-${keyOf(releases).slice(0, 16)}`;
    // The archive may have changed back while this one was made.
    if (!(await exists(place))) await renameSynced(staging, place);
    return { ...root, tree: join(place, "tree") };
  } finally {
    await removeTree(staging, host);
  }
}

/** The kept roots of a group, the newest first. */
async function listKept(group: string): Promise<readonly Root[]> {
  const folder = join(group, "..");
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(`${basename(group)}-`));
  const roots: Root[] = [];
  for (const name of names) {
    const text = await readText(join(folder, name, "root.json"), "a cached result").catch(() => "null");
    const read = schema.safeParse(JSON.parse(text));
    if (read.success) roots.push({ ...read.data, tree: join(folder, name, "tree") });
  }
  return roots.toSorted((a, b) => (a.made < b.made ? 1 : -1));
}

async function readReleases({ known, mirrors }: RootRequest, host: Host): Promise<readonly string[]> {
  return runTask(host, `ask for the state of ${known.distribution}`, async (below) => {
    const files = releasesOf(known, mirrors).map(async (url) => sha256(await downloadUnknown(url, below)));
    return (await Promise.all(files)).toSorted();
  });
}

function usesOf(root: Root): string {
  return join(root.tree, "../uses");
}

async function markUse(root: Root, run: string): Promise<void> {
  await writeFile(join(usesOf(root), basename(run)), "");
}

/** Call it with the lock of the root's group. */
async function removeUnused(root: Root, work: string, host: Host): Promise<boolean> {
  const runs = await readdir(usesOf(root)).catch(() => []);
  for (const run of runs) if (await isLocked(lockIn(join(work, "runs", run)))) return false;
  const place = join(root.tree, "..");
  const beside = stagingOf(place.replace(/-[0-9a-f]{16}$/, ""), "old");
  await rename(place, beside).catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") throw error;
  });
  await removeTree(beside, host);
  return true;
}
