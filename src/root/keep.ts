import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { keyOf } from "../plan/key.ts";
import { rootInNames } from "../plan/root.ts";
import type { Host } from "../sys/exec.ts";
import { exists, removeFolder } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { readText } from "../sys/read-file.ts";
import { findStale, stagingOf } from "../sys/staging.ts";
import { renameSynced } from "../sys/sync.ts";
import { isLocked, lockBeside, lockIn, withLock } from "../sys/with-lock.ts";
import { writeWhole } from "../sys/write-whole.ts";
import { archivesFolder, architecturesOf } from "./archive.ts";
import type { Container } from "./containers.ts";
import { imageIn } from "./image.ts";
import type { RootRequest } from "./make.ts";
import { removeTree } from "./remove-tree.ts";

const schema = z.object({
  schema: z.literal(2),
  name: z.string(),
  /** sha256 of all packages that it was made of. */
  content: z.string(),
  /** sha256 of each `InRelease` that has these packages, and of an image that it is made of, sorted. */
  releases: z.array(z.string()).readonly(),
  /** Versions of all its packages. */
  packages: z.record(z.string(), z.string()),
  /** Bytes. */
  size: z.number(),
  made: z.iso.datetime(),
});

/** What is known of a root. */
export type RootFacts = Readonly<z.infer<typeof schema>>;

/** A root that is made. */
export interface Root extends RootFacts {
  /** The folder that becomes `/`; of an image, what dpkg knows of it. */
  readonly tree: string;
  /** The image that it is, and what runs it; undefined for a folder. */
  readonly container: Container | undefined;
}

/** The folder of all roots below `.kovn`. */
export function rootsFolder(work: string): string {
  return join(work, "roots");
}

/** The start of the paths of all roots that differ only in the state of the archive. */
export function groupOf(request: Omit<RootRequest, "mirrors">, work: string): string {
  const { known, packages, runner, debs = [] } = request;
  const architectures = architecturesOf(request).join("-");
  const files = debs.length === 0 ? {} : { debs: debs.map((deb) => deb.sha256).toSorted() };
  const list = keyOf({
    name: known.name,
    arch: architectures,
    packages: [...new Set(packages)].toSorted(),
    ...files,
    ...(runner === undefined ? {} : { runner }),
  });
  return join(rootsFolder(work), `${rootInNames(known.name)}-${architectures}-${list.slice(0, 16)}`);
}

/** The newest kept root with these packages, whatever the archive has now; undefined if there is none. */
export async function newestRoot(request: Omit<RootRequest, "mirrors">, work: string): Promise<Root | undefined> {
  return (await listKept(groupOf(request, work)))[0];
}

/** The kept roots of a group, the newest first. */
export async function listKept(group: string): Promise<readonly Root[]> {
  const roots: Root[] = [];
  for (const place of await placesOf(group)) {
    const root = await readRoot(place).catch(() => undefined);
    if (root !== undefined) roots.push(root);
  }
  return roots.toSorted((a, b) => (a.made < b.made ? 1 : -1));
}

async function placesOf(group: string): Promise<readonly string[]> {
  const names = await readdir(join(group, "..")).catch(() => []);
  const start = `${basename(group)}-`;
  return names
    .filter((name) => name.startsWith(start) && /^[0-9a-f]{16}$/.test(name.slice(start.length)))
    .map((name) => join(group, "..", name));
}

/** Keeps a root that is whole, in `<staging>/tree`. Call it with the lock of its group. */
export async function keepRoot(facts: RootFacts, group: string, staging: string, host: Host): Promise<Root> {
  await mkdir(join(staging, "uses"));
  await writeFacts(staging, facts);
  const place = `${group}-${facts.content.slice(0, 16)}`;
  // One that nobody can read any more.
  await removePlace(place, host);
  await renameSynced(staging, place);
  return readRoot(place);
}

/** Notes that the archive has what a kept root has in this state as well. */
export async function renewRoot(root: Root, releases: readonly string[]): Promise<Root> {
  await writeFacts(join(root.tree, ".."), schema.parse({ ...root, releases }));
  return { ...root, releases };
}

async function readRoot(place: string): Promise<Root> {
  const facts = schema.parse(JSON.parse(await readText(join(place, "root.json"), "a cached result")));
  return { ...facts, tree: join(place, "tree"), container: await imageIn(place) };
}

async function writeFacts(folder: string, facts: RootFacts): Promise<void> {
  await writeWhole(join(folder, "root.json"), `${JSON.stringify(facts)}\n`);
}

/** Notes that a run uses a root, and forgets the runs that are gone. Call it with the lock of its group. */
export async function markUse({ tree }: Root, run: string): Promise<void> {
  const uses = join(tree, "../uses");
  for (const name of await readdir(uses)) if (!(await exists(join(run, "..", name)))) await rm(join(uses, name), { force: true });
  await writeFile(join(uses, basename(run)), "");
}

/** Removes a kept root if no run uses it; returns whether it did. Call it with the lock of its group. */
export async function removeUnused(place: string, work: string, host: Host): Promise<boolean> {
  for (const run of await readdir(join(place, "uses")).catch(() => []))
    if (await isLocked(lockIn(join(work, "runs", run)))) return false;
  await removePlace(place, host);
  return true;
}

async function removePlace(place: string, host: Host): Promise<void> {
  const beside = stagingOf(place.replace(/-[0-9a-f]{16}$/, ""), "old");
  const isThere = await rename(place, beside).then(
    () => true,
    (error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error;
      return false;
    },
  );
  if (isThere) await removeTree(beside, host);
}

/** Removes what killed runs left of a group's roots. Call it with the lock of the group. */
export async function removeHalves(group: string, host: Host): Promise<void> {
  for (const stale of await findStale(group)) await removeTree(stale, host);
}

/** The groups of all roots, also of those that were only begun. */
async function listGroups(work: string): Promise<readonly string[]> {
  const names = await readdir(rootsFolder(work)).catch(() => []);
  const groups = names.flatMap((name) => /^\.?([\w.-]+-[0-9a-f]{16})(?:-[0-9a-f]{16}$|\.kovn-)/.exec(name)?.[1] ?? []);
  return [...new Set(groups)].map((name) => join(rootsFolder(work), name));
}

/** A kept root, and when a run last used it: milliseconds since 1970. */
export interface ListedRoot extends Root {
  readonly used: number;
}

/** All kept roots, the last used first. */
export async function listRoots(work: string): Promise<readonly ListedRoot[]> {
  const roots = (await Promise.all((await listGroups(work)).map(listKept))).flat();
  const listed = roots.map(async (root) => ({ ...root, used: (await stat(join(root.tree, "../uses"))).mtimeMs }));
  return (await Promise.all(listed)).toSorted((a, b) => b.used - a.used);
}

/**
 * Removes all roots that no run uses, what killed runs left, and what was downloaded of the archives.
 * Returns how many roots there were.
 */
export async function removeRoots(work: string, host: Host): Promise<number> {
  const other = { host, other: "is removing roots" };
  let removed = 0;
  for (const group of await listGroups(work))
    await withLock(lockBeside(group), other, async () => {
      await removeHalves(group, host);
      for (const place of await placesOf(group)) if (await removeUnused(place, work, host)) removed++;
    });
  const archives = archivesFolder(rootsFolder(work));
  for (const name of (await readdir(archives).catch(() => [])).filter((one) => !one.startsWith(".")))
    await withLock(lockBeside(join(archives, name)), other, async () => removeFolder(join(archives, name)));
  return removed;
}
