import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { readSource, type Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { packagingOf, pinOf, type From } from "../../plan/base.ts";
import { commitsBetween } from "../../sys/git-release.ts";
import { git, tryGit, type GitOptions } from "../../sys/git.ts";
import { runTask } from "../../sys/run-task.ts";
import { withScratch } from "../../sys/with-scratch.ts";
import { describeWork } from "../apply.ts";
import { fetchMirrorBlobs } from "../mirror-more.ts";
import { fetchBase, type Fetched, type MirrorOptions } from "../mirror.ts";
import type { RebaseContext } from "./context.ts";
import { withRebaseLock } from "./lock.ts";
import { movePatches } from "./move.ts";
import { makeOldTree, type OldPatch } from "./old-tree.ts";
import { fetchOnto, type Onto } from "./onto.ts";
import { movePicks, type MovedPicks } from "./picks.ts";
import type { Picture, UpstreamCommit } from "./rows.ts";
import { copyResolutions, rememberResolutions } from "./state.ts";
import { listFiles, type Upstream } from "./upstream.ts";
import { versionAt } from "./version.ts";

/** The old and the new base of a rebase, on disk. */
export interface Bases {
  readonly old: Fetched;
  readonly onto: Onto;
}

/**
 * Fetches the pin of a source and the commit that `name` means, in the repository that the pin comes
 * from. Throws "usage" if there is no such commit, and "network".
 */
export async function fetchBases(source: Source, name: string, from: From, options: MirrorOptions): Promise<Bases> {
  const pin = pinOf(source, from);
  const old = await fetchBase(pin, options);
  return { old, onto: await fetchOnto(name, source, { pin, old }, options) };
}

/**
 * Finds what becomes of each pick and patch of a source on another commit of its upstream, with
 * what git remembers of resolved conflicts. Writes nothing but mirrors. Throws like `fetchBases` and
 * `drawIn`.
 */
export async function drawPicture(onto: string, context: RebaseContext): Promise<Picture> {
  const { project, line, name, from, host } = context;
  const source = await readSource(project, line, name, host);
  const options = { work: project.work, host };
  const bases = await fetchBases(source, onto, from, options);
  return withScratch(project.work, "rebase", host, async (dir) => {
    await withRebaseLock(context, async (folder) => copyResolutions(folder, join(dir, "rr-cache")));
    const { picture } = await drawIn(join(dir, "tree"), source, bases, options, dir);
    return picture;
  });
}

/** A picture, and what it was drawn with: the new base with its picks, those that do not apply, and the patches on the old one. */
export interface Drawn extends Pick<MovedPicks, "aside" | "below"> {
  readonly picture: Picture;
  readonly patches: readonly OldPatch[];
}

/**
 * Makes the patched tree of the old pin in `tree`, which must not exist, and moves it. `dir` is a
 * folder for temporary files, with a copy of what git remembers in `rr-cache`. Throws "patch" when
 * the series does not apply to its pin, and "usage" when the new base has nothing in common with it.
 */
export async function drawIn(
  tree: string,
  source: Source,
  { old, onto }: Bases,
  { host }: MirrorOptions,
  dir: string,
): Promise<Drawn> {
  const files = join(dir, "files");
  await mkdir(files, { recursive: true });
  const packaging = packagingOf(source, pinOf(source));
  const patches = await runTask(host, `apply ${describeWork(source, old, packaging)} to the old pin`, async (below) =>
    makeOldTree(source, packaging, old, tree, below),
  );
  return runTask(host, `try them on ${onto.base.commit.slice(0, 12)}`, async (task) => {
    const options = { host: task, cwd: tree };
    const upstream = await readUpstream(source, onto, options);
    await git(["checkout", "--quiet", "--force", "-B", "moved", onto.fetched.commit], options);
    await rememberResolutions(tree, join(dir, "rr-cache"), task);
    const workshop = { git: options, files };
    const { rows: picks, roots, ...picked } = await movePicks(source, onto.fetched, upstream, workshop);
    const rows = await movePatches(patches, roots, source, upstream, workshop);
    const places = await describePlaces(source, onto, upstream, options);
    return { picture: { ...places, picks, patches: rows }, ...picked, patches };
  });
}

/** Lists what upstream has since the old pin. Throws "usage" when the two commits have nothing in common. */
async function readUpstream({ commit: pin, name }: Source, { fetched }: Onto, options: GitOptions): Promise<Upstream> {
  const onto = fetched.commit;
  const common = await tryGit(["merge-base", pin, onto], options);
  if (common.exitCode !== 0)
    throw new BuildError("usage", `Commit ${onto.slice(0, 12)} and the pin ${pin.slice(0, 12)} have no commit in common.`, {
      hint: `--from ${name}=PATH_OR_URL of a full clone of the upstream that has both`,
    });
  const commits = (await commitsBetween(pin, onto, options)) ?? [];
  let files: ReturnType<typeof listFiles> | undefined;
  return {
    pin,
    onto,
    commits,
    files: async () => (files ??= listFiles([onto, `^${pin}`], options)),
    fetch: async (blobs) => fetchMirrorBlobs(blobs, fetched, options.host),
  };
}

/** What upstream changes for each release. */
const releaseFiles = new Set(["NEWS", "configure.ac", "debian/changelog"]);

async function describePlaces(
  source: Source,
  { fetched, branch }: Onto,
  { commits }: Upstream,
  options: GitOptions,
): Promise<Omit<Picture, "picks" | "patches">> {
  const { line, name, commit, version } = source;
  const behind = (await commitsBetween(fetched.commit, commit, options)) ?? [];
  const files = await listFiles([commit, `^${fetched.commit}`], options);
  const subjects = new Set(commits.map(({ subject }) => subject));
  const isLost = ({ id, subject }: UpstreamCommit) =>
    !subjects.has(subject) && [...(files.get(id) ?? [])].some((file) => !releaseFiles.has(file));
  const found = await versionAt(fetched.commit, options);
  return {
    line,
    source: name,
    from: { commit, branch: source.branch, version },
    onto: { commit: fetched.commit, branch: branch ?? source.branch, version: found ?? version },
    ahead: commits.length,
    behind: behind.length,
    lost: behind.filter(isLost),
  };
}
