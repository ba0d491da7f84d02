import { lutimes, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Patch } from "../config/patch.ts";
import type { Source } from "../config/source.ts";
import type { Host } from "../sys/exec.ts";
import { am } from "../sys/git-am.ts";
import { fetchChange, fetchCommit, initBlobless, setRemotes } from "../sys/git-remote.ts";
import { git, gitBytes, initSharing, type GitOptions } from "../sys/git.ts";
import { runTask } from "../sys/run-task.ts";
import { count } from "../sys/text.ts";
import { describeConflict, type Others } from "./conflict.ts";
import type { Fetched } from "./mirror.ts";
import { takePicks, type TakenPick } from "./picks.ts";

interface PatchedTree {
  readonly commit: string;
  readonly tree: string;
}

/** What picks and series make of a base, and with packaging patches on top if there are any. */
export interface Patched extends PatchedTree {
  readonly packaged?: PatchedTree;
  /** The picks that were taken onto the base, and the commit that the series is on: the last one, or the base. */
  readonly picks: readonly TakenPick[];
  readonly below: string;
  /** Seconds since 1970: the date of the last patch of the series, or of what is below when it is empty. */
  readonly epoch: number;
}

/**
 * Checks the base out into `dir`, which shares the mirror's objects, takes its picks, and applies
 * the series, then the packaging patches. The same base, picks and patches give the same commit ids
 * on every machine. Throws "patch" when a pick or patch does not apply, and removes `dir`; `gone` are
 * patches that were left out of the series, for that message.
 */
export async function checkoutPatched(
  source: Source,
  base: Fetched,
  dir: string,
  host: Host,
  packaging: readonly Patch[] = [],
  gone: readonly Patch[] = [],
): Promise<Patched> {
  await mkdir(dir, { recursive: true });
  const options = { host, cwd: dir };
  try {
    await initSharing(dir, join(base.repository, "objects"), host);
    const patched = await applySeries(source, base, dir, host, { packaging, gone });
    const files = await gitBytes(["ls-files", "-z"], options);
    // With files of the future, make runs configure again and again.
    const time = Math.min(patched.epoch, Date.now() / 1000);
    for (const file of files.toString("latin1").split("\0").filter(Boolean))
      await lutimes(Buffer.concat([Buffer.from(join(dir, "/")), Buffer.from(file, "latin1")]), time, time);
    return patched;
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Makes a clone for people to work in: a repository of its own, with history. Its remote `origin`
 * is the upstream; git asks the repository that the base came from for contents of older files. Its
 * branch `kovn` has a commit for each pick and patch. `dir` must be empty or not exist. Throws like
 * `checkoutPatched`.
 */
export async function clonePatched(source: Source, base: Fetched, origin: string, dir: string, host: Host): Promise<Patched> {
  const options = { host, cwd: dir };
  const isNew = (await mkdir(dir, { recursive: true })) !== undefined;
  try {
    await runTask(host, `clone ${source.name} into ${dir}`, async (below) => {
      await initBlobless(dir, base.repository, { ...options, host: below });
      await fetchCommit(base.commit, base.repository, { ...options, host: below });
      for (const { commit } of base.picks) await fetchChange(commit, base.repository, { ...options, host: below });
    });
    await setRemotes(origin, base.contents, options);
    // Patches of files with CRLF line ends.
    await git(["config", "am.keepcr", "true"], options);
    return await runTask(host, `apply ${describeWork(source, base)}`, async (below) => applySeries(source, base, dir, below));
  } catch (error) {
    // A folder that was there before stays, empty as it was.
    for (const path of isNew ? [dir] : (await readdir(dir)).map((name) => join(dir, name)))
      await rm(path, { recursive: true, force: true });
    throw error;
  }
}

/** How many picks and patches are applied, in words. */
export function describeWork(source: Source, base: Pick<Fetched, "picks">, packaging: readonly Patch[] = []): string {
  const patches = count(source.patches.length + packaging.length, "patch");
  return base.picks.length === 0 ? patches : `${count(base.picks.length, "pick")} and ${patches}`;
}

/** Checks a base out on branch `kovn` and takes its picks. `below` is the commit that the series is applied to. */
export async function checkoutBase(
  source: Source,
  base: Fetched,
  options: GitOptions,
): Promise<{ readonly picks: readonly TakenPick[]; readonly below: string }> {
  options.host.task.say("checking out the base");
  await git(["checkout", "--quiet", "-B", "kovn", base.commit], options);
  const picks = await takePicks(source, base, options);
  return { picks, below: await git(["rev-parse", "HEAD"], options) };
}

async function applySeries(
  source: Source,
  base: Fetched,
  dir: string,
  host: Host,
  { packaging, gone }: Others = { packaging: [], gone: [] },
): Promise<Patched> {
  const options = { host, cwd: dir };
  const { picks, below } = await checkoutBase(source, base, options);
  const patches = [...source.patches, ...packaging].map((patch) => patch.path);
  const failure = await am(patches, options);
  if (failure !== undefined) throw await describeConflict(source, { packaging, gone }, base, failure, options);
  const { epoch, ...series } = await describeCommit(`HEAD~${packaging.length}`, options);
  if (packaging.length === 0) return { ...series, picks, below, epoch };
  const { epoch: _, ...packaged } = await describeCommit("HEAD", options);
  return { ...series, picks, below, epoch, packaged };
}

async function describeCommit(revision: string, options: GitOptions) {
  const [commit = "", tree = "", epoch = ""] = (await git(["log", "-1", "--format=%H %T %ct", revision], options)).split(" ");
  return { commit, tree, epoch: Number(epoch) };
}
