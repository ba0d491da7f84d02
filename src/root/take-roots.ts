import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { runTask } from "../sys/run-task.ts";
import { count } from "../sys/text.ts";
import { stageFolder } from "../sys/staging.ts";
import { makeFolders } from "../sys/sync.ts";
import { lockBeside, withLock, type LockOptions } from "../sys/with-lock.ts";
import { choosePackages, fetchPackages, updateLists, withArchive, type AptFolder, type Offer } from "./archive.ts";
import { groupOf, keepRoot, listKept, markUse, removeHalves, removeUnused, renewRoot, rootsFolder, type Root } from "./keep.ts";
import type { Container } from "./containers.ts";
import { hasImage, openImage } from "./image.ts";
import { makeImage } from "./make-image.ts";
import { downloadsIn, makeTree, type RootRequest } from "./make.ts";

export interface TakeOptions {
  /** The `.kovn` folder. */
  readonly work: string;
  /** The folder of the run that uses the roots, if one does; its lock is held as long as that is so. */
  readonly run?: string;
  readonly host: Host;
}

/** A list of packages, and the roots that there are with it. */
interface Wanted {
  readonly packages: readonly string[];
  /** The packages, and paths of files of packages. */
  readonly names: readonly string[];
  readonly group: string;
  /** The newest first. */
  readonly kept: readonly Root[];
}

/** A root that is not made yet: its staging folder has what was downloaded for it. */
interface Begun {
  readonly staging: string;
  readonly content: string;
  readonly releases: readonly string[];
}

/**
 * Returns a root for each list of packages, of the archive as it is now: the kept one if it has the same
 * packages, else a new one. If the archive cannot be reached, the newest kept ones are taken, with a
 * notice. Roots of older states are removed when no run uses them. Nothing is made when a package is
 * not there. Throws as `explain` makes it.
 */
export async function takeRoots(
  request: Omit<RootRequest, "packages">,
  lists: readonly (readonly string[])[],
  { work, run, host }: TakeOptions,
): Promise<readonly Root[]> {
  const { known, debs = [] } = request;
  const groups = lists.map((packages) => groupOf({ ...request, packages }, work));
  await makeFolders(rootsFolder(work));
  // In one order, so that no two runs wait for each other.
  return withLocks(groups.toSorted(), { host, other: `is making root ${known.name}` }, async () => {
    for (const group of groups) await removeHalves(group, host);
    const container =
      request.runner === undefined ? undefined : await openImage(request.runner, request, { roots: rootsFolder(work), host });
    const kept = await Promise.all(groups.map(async (group) => listUsable(group, container, host)));
    const wanted = lists.map((packages, index) => ({
      packages,
      names: [...packages, ...debs.map(({ path }) => path)],
      group: groups[index] ?? "",
      kept: kept[index] ?? [],
    }));
    try {
      const found = await withArchive(request, { roots: rootsFolder(work), container, host }, async (archive) =>
        find(archive, wanted, host),
      );
      const taken = found.map(async ({ packages, group, ...one }) => {
        const root = "root" in one ? one.root : await make({ ...request, packages }, { group, container, ...one.begun }, host);
        if (run !== undefined) await markUse(root, run);
        for (const { tree } of one.kept) if (tree !== root.tree) await removeUnused(join(tree, ".."), work, host);
        return root;
      });
      await Promise.allSettled(taken);
      return await Promise.all(taken);
    } finally {
      // At once: a run that is interrupted has a few seconds.
      await Promise.all(groups.map(async (group) => removeHalves(group, host)));
    }
  });
}

/** The kept roots of a group whose programs own what they make. */
async function listUsable(group: string, container: Container | undefined, host: Host): Promise<readonly Root[]> {
  const usable: Root[] = [];
  for (const root of await listKept(group))
    if (root.container === undefined || (root.container.user === container?.user && (await hasImage(root.container, host))))
      usable.push(root);
  return usable;
}

async function withLocks<T>(paths: readonly string[], options: LockOptions, work: () => Promise<T>): Promise<T> {
  const [first, ...rest] = paths;
  return first === undefined ? work() : withLock(lockBeside(first), options, async () => withLocks(rest, options, work));
}

/** Finds the kept roots that are as the archive is now, and downloads what the others need. */
async function find(archive: AptFolder, wanted: readonly Wanted[], host: Host) {
  const newest = wanted.flatMap((one) => one.kept.slice(0, 1).map((root) => ({ ...one, root })));
  const isKept = newest.length === wanted.length;
  const ask = async (below: Host) => updateLists(archive, { host: below, isQuick: isKept });
  const releases = await runTask(host, `ask for the state of ${archive.known.distribution}`, ask).catch((error: unknown) => {
    if (!isKept || !(error instanceof BuildError) || error.code !== "network") throw error;
    const times = newest.map(({ root }) => root.made).toSorted();
    host.task.notice(`${error.message}\nThe newest one that is kept is used, of ${times[0]}.`);
    return undefined;
  });
  if (releases === undefined) return newest;
  const offers: (Wanted & ({ readonly root: Root } | { readonly offer: Offer }))[] = [];
  // All of them, before anything is downloaded.
  for (const one of wanted) offers.push({ ...one, ...(await compare(archive, one, releases, host)) });
  const found: (Wanted & ({ readonly root: Root } | { readonly begun: Begun }))[] = [];
  for (const one of offers) found.push("root" in one ? one : { ...one, begun: await begin(archive, one, releases, host) });
  return found;
}

async function compare(archive: AptFolder, { names, kept }: Wanted, releases: readonly string[], host: Host) {
  const same = kept.find((root) => root.releases.join() === releases.join());
  if (same !== undefined) return { root: same };
  const offer = await choosePackages(archive, names, host);
  const equal = kept.find(({ content }) => content === offer.content);
  return equal === undefined ? { offer } : { root: await renewRoot(equal, releases) };
}

async function begin(
  archive: AptFolder,
  { group, names, offer }: Wanted & { readonly offer: Offer },
  releases: readonly string[],
  host: Host,
): Promise<Begun> {
  const staging = await stageFolder(group);
  // It will have programs that run with the rights of its owner.
  await chmod(staging, 0o700);
  const title = `download packages of ${archive.known.distribution}`;
  await runTask(host, title, async (below) => fetchPackages({ archive, packages: names, offer }, downloadsIn(staging), below));
  return { staging, content: offer.content, releases };
}

interface Making extends Begun {
  readonly group: string;
  readonly container: Container | undefined;
}

async function make(request: RootRequest, { group, container, staging, content, releases }: Making, host: Host): Promise<Root> {
  const { known, packages, debs = [] } = request;
  return runTask(host, `make root ${known.name} with ${count(packages.length + debs.length, "package")}`, async (below) => {
    const { packages: its, size } = await (container === undefined
      ? makeTree(request, staging, below)
      : makeImage(request, container, staging, below));
    const facts = {
      schema: 2 as const,
      name: known.name,
      content,
      releases,
      packages: its,
      size,
      made: new Date().toISOString(),
    };
    return keepRoot(facts, group, staging, below);
  });
}
