import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import { hasWhole, isOwnMirror, prepareMirror, readRef } from "./mirror-files.ts";
import { areTruePicks, fetchPicks, havePicks } from "./mirror-picks.ts";
import { describeBase, placeOf, type Base } from "../plan/base.ts";
import { keyOf } from "../plan/key.ts";
import { picksOf } from "../plan/picks.ts";
import { lockBeside, withLock } from "../sys/with-lock.ts";
import { downloadPackage, offeredVersions, updateLists } from "../sys/apt.ts";
import { unpackPackage } from "../sys/deb.ts";
import { urlOf } from "../sys/credentials.ts";
import type { UpstreamPick } from "../config/pick.ts";
import type { Host } from "../sys/exec.ts";
import { exists, sha256File } from "../sys/files.ts";
import { askRepository, fetchCommit } from "../sys/git-remote.ts";
import { git } from "../sys/git.ts";
import { unreadSettings } from "../sys/git-user.ts";
import { assertTrusted } from "../sys/owner.ts";
import { runTask } from "../sys/run-task.ts";
import { extractTar } from "../sys/tar.ts";

export interface MirrorOptions {
  readonly host: Host;
  /** The `.kovn` folder. */
  readonly work: string;
}

/** A base on disk: a bare repository with `commit` and all files of its tree. */
export interface Fetched {
  readonly repository: string;
  readonly commit: string;
  /** The repository that has the contents of all files in its history. */
  readonly contents: string;
  /** Upstream's commits that are taken onto it, in order; the repository has what is needed for that. */
  readonly picks: readonly UpstreamPick[];
}

/** Milliseconds until an upstream must respond. */
const probeTimeout = 12_000;
/** Milliseconds for a whole fetch: the history of Open vSwitch is 25 MB. */
const fetchTimeout = 15 * 60_000;

/**
 * A fixed author and date for an alternate's commit, so that a tarball has the same commit id
 * everywhere.
 */
const alternateAuthor = {
  GIT_AUTHOR_NAME: "kovn-build",
  GIT_AUTHOR_EMAIL: "kovn-build@localhost",
  GIT_AUTHOR_DATE: "946684800 +0000",
  GIT_COMMITTER_DATE: "946684800 +0000",
};

/** The mirror folder of a base. There is one per repository, shared by all lines and runs. */
function mirrorOf(base: Base, work: string): string {
  return join(
    work,
    "mirrors",
    base.kind === "git" ? `git-${keyOf(urlOf(placeOf(base))).slice(0, 16)}` : `apt-${base.sha256.slice(0, 16)}`,
  );
}

/** The ref that marks a base as complete in its mirror, with its commit and all file contents. */
function completeRef(base: Base): string {
  return `refs/kovn/${base.kind === "git" ? base.commit : "alternate"}`;
}

/** True when a base is complete on disk, with its picks. Runs no program and does not use the network. */
export async function isComplete(base: Base, work: string): Promise<boolean> {
  const repository = mirrorOf(base, work);
  return (await completeCommit(base, repository)) !== undefined && (await havePicks(base, repository));
}

/** The commit of a base that is complete. A ref for the pin that names another commit does not count. */
async function completeCommit(base: Base, repository: string): Promise<string | undefined> {
  const commit = await readRef(repository, completeRef(base));
  return base.kind === "git" && commit !== base.commit ? undefined : commit;
}

/** The commit of a base that is complete, in a mirror that nobody else changed; undefined for any other. */
async function soundCommit(base: Base, repository: string, host: Host): Promise<string | undefined> {
  const commit = await completeCommit(base, repository);
  if (commit === undefined || !(await isOwnMirror(repository, originOf(base), host))) return undefined;
  if (!(await havePicks(base, repository)) || !(await hasWhole(commit, repository, host))) return undefined;
  return (await areTruePicks(base, repository, host)) ? commit : undefined;
}

/** Where a mirror fetches from; an alternate's has all of it. */
function originOf(base: Base): string | undefined {
  return base.kind === "git" ? urlOf(placeOf(base)) : undefined;
}

/**
 * Checks within 12 s whether a base is available. With `refreshApt` (needs root) it runs `apt-get
 * update` if apt's lists do not have it. Throws "network" with the reason if it is unavailable.
 */
export async function probeBase(base: Base, options: MirrorOptions & { readonly refreshApt: boolean }): Promise<void> {
  if (await isComplete(base, options.work)) return;
  await runTask(options.host, `reach ${describeBase(base)}`, async (host) =>
    base.kind === "apt" ? probeApt(base, { ...options, host }) : probeGit(placeOf(base), host),
  );
}

async function probeGit(url: string, host: Host): Promise<void> {
  const wrong = await askRepository(urlOf(url), { host, timeout: probeTimeout }).catch((error: unknown) => {
    if (error instanceof BuildError && error.code === "network") return `no response within ${probeTimeout / 1000} s`;
    throw error;
  });
  if (wrong !== undefined)
    throw new BuildError("network", `Repository ${url} cannot be read: ${wrong}.${await describeUnread(url, host)}`);
}

/** What to add to the failure of a fetch: that the person's git may succeed, which has settings for the remote. */
async function describeUnread(url: string, host: Host): Promise<string> {
  const names = await unreadSettings(url, host);
  if (names.length === 0) return "";
  return ` Your git configuration has \`${names.join("`, `")}\`, which kovn-build does not read: clone the repository with git, and give the clone with \`--from SOURCE=PATH\`.`;
}

async function probeApt(
  base: Base & { kind: "apt" },
  { host, refreshApt }: MirrorOptions & { readonly refreshApt: boolean },
): Promise<void> {
  let offered = await offeredVersions(base.package, { host });
  if (!offered.includes(base.version) && refreshApt) {
    await updateLists({ host });
    offered = await offeredVersions(base.package, { host });
  }
  if (offered.includes(base.version)) return;
  const now =
    offered.length === 0
      ? "apt offers no version of it; update its lists with `apt-get update`"
      : `apt offers ${offered.join(", ")}; to use it, declare it with its sha256 in source.yaml`;
  throw new BuildError("network", `Debian's ${base.package} ${base.version} is unavailable: ${now}.`);
}

/**
 * Fetches a base and its picks into its mirror, unless it is complete there. It is safe to kill: a base counts
 * only once its ref is set. Throws "network" when the base cannot be fetched or does not have the
 * commit, and "digest" when its bytes do not match the declared sha256.
 */
export async function fetchBase(base: Base, options: MirrorOptions): Promise<Fetched> {
  const repository = mirrorOf(base, options.work);
  await assertTrusted(repository, options.host);
  let commit = await soundCommit(base, repository, options.host);
  if (commit === undefined) {
    await mkdir(dirname(repository), { recursive: true });
    await runTask(options.host, `fetch ${describeBase(base)}`, async (host) =>
      withLock(lockBeside(repository), { host, other: `is fetching into ${repository}` }, async () => {
        commit = await soundCommit(base, repository, host);
        if (commit !== undefined) return;
        await rm(halfOf(repository), { recursive: true, force: true });
        commit = await (base.kind === "git"
          ? fetchGit(base, repository, { ...options, host })
          : fetchApt(base, repository, { ...options, host }));
      }),
    );
  }
  if (commit === undefined) throw new Error(`${repository} was not fetched`);
  return { repository, commit, contents: originOf(base) ?? repository, picks: picksOf(base) };
}

function halfOf(repository: string): string {
  return `${repository}.half`;
}

/** Fetches the pinned commit and its picks into a mirror, and returns the pin. A damaged mirror is fetched again. */
async function fetchGit(base: Base & { kind: "git" }, repository: string, { host }: MirrorOptions): Promise<string> {
  const url = urlOf(placeOf(base));
  const options = { host, bare: repository };
  const fetchMissing = async () => {
    if ((await completeCommit(base, repository)) === undefined) {
      await fetchPin(base, repository, url, host);
      await git(["update-ref", completeRef(base), base.commit], options);
    }
    await fetchPicks(base, repository, { ...options, timeout: fetchTimeout });
  };
  await prepareMirror(repository, url, host);
  await fetchMissing();
  if (!(await hasWhole(base.commit, repository, host)) || !(await areTruePicks(base, repository, host))) {
    host.task.notice(`${repository} is damaged: it has other files than the commit. It is fetched again.`);
    await rm(repository, { recursive: true, force: true });
    await prepareMirror(repository, url, host);
    await fetchMissing();
  }
  return base.commit;
}

async function fetchPin(base: Base & { kind: "git" }, repository: string, url: string, host: Host): Promise<void> {
  await fetchCommit(base.commit, url, { host, bare: repository, timeout: fetchTimeout }).catch(async (cause: unknown) => {
    if (!(cause instanceof BuildError)) throw cause;
    const why = `${cause.message}${await describeUnread(placeOf(base), host)}`;
    throw new BuildError("network", `The pinned commit could not be fetched from repository ${placeOf(base)}. ${why}`, {
      cause,
      hint: "--from SOURCE=PATH_OR_URL of a full clone that has the commit",
    });
  });
}

async function fetchApt(base: Base & { kind: "apt" }, repository: string, { host, work }: MirrorOptions): Promise<string> {
  const dir = halfOf(repository);
  try {
    await mkdir(join(dir, "tree"), { recursive: true });
    await downloadPackage(base.package, base.version, dir, { host });
    const deb = (await readdir(dir)).find((file) => file.endsWith(".deb"));
    if (deb === undefined) throw new BuildError("network", `apt-get downloaded no package for ${base.package} ${base.version}.`);
    await unpackPackage(join(dir, deb), join(dir, "deb"), { host });
    const tarball = join(dir, "deb", base.member);
    if (!(await exists(tarball)))
      throw new BuildError("digest", `Package ${base.package} ${base.version} does not contain ${base.member}.`);
    const found = await sha256File(tarball);
    if (found !== base.sha256)
      throw new BuildError(
        "digest",
        `${base.member} of ${base.package} ${base.version} has sha256 ${found}, but source.yaml declares ${base.sha256}.`,
      );
    await extractTar(tarball, join(dir, "tree"));
    const commit = await commitTree(base, dir, host);
    await mkdir(join(work, "mirrors"), { recursive: true });
    await rm(repository, { recursive: true, force: true });
    await rename(join(dir, "repository"), repository);
    return commit;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/**
 * Commits the unpacked tree, with ignored files, to a bare repository of its own, with a fixed
 * author and date.
 */
async function commitTree(base: Base & { kind: "apt" }, dir: string, host: Host): Promise<string> {
  const repository = join(dir, "repository");
  await prepareMirror(repository, undefined, host);
  const options = {
    host,
    cwd: join(dir, "tree"),
    // A mirror has no index: a file of that name would be a stranger's.
    env: { ...alternateAuthor, GIT_DIR: repository, GIT_WORK_TREE: join(dir, "tree"), GIT_INDEX_FILE: join(dir, "index") },
  };
  await git(["add", "--all", "--force"], options);
  const tree = await git(["write-tree"], options);
  const commit = await git(
    ["commit-tree", tree, "-m", `${base.package} ${base.version}\n\nsha256 of ${base.member}: ${base.sha256}`],
    options,
  );
  await git(["update-ref", completeRef(base), commit], options);
  return commit;
}
