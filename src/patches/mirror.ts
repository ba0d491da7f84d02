import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { glob } from "tinyglobby";
import { BuildError } from "../errors.ts";
import type { Base } from "../plan/base.ts";
import { keyOf } from "../plan/key.ts";
import { withLock } from "../sys/with-lock.ts";
import { downloadPackage, offeredVersions, unpackPackage, updateLists } from "../sys/apt.ts";
import type { Host } from "../sys/exec.ts";
import { exists, sha256File } from "../sys/files.ts";
import { askRepository, fetchCommit, git, initBlobless } from "../sys/git.ts";
import { extractTar } from "../sys/tar.ts";

export interface MirrorOptions {
  readonly host: Host;
  /** The `.kovn` folder. */
  readonly work: string;
  /** Told when another run is at the same mirror. */
  readonly notice?: (message: string) => void;
}

/** A base on disk: a bare repository that holds `commit` with all files of its tree. */
export interface Fetched {
  readonly repository: string;
  readonly commit: string;
}

/** Milliseconds in which an upstream must say something at all. */
const probeTimeout = 12_000;
/** Milliseconds for a whole fetch: the history of Open vSwitch is 25 MB. */
const fetchTimeout = 15 * 60_000;

/** Who "wrote" the commit of an alternate's tree, and when: fixed, so that the same tarball has the same commit id everywhere. */
const alternateAuthor = {
  GIT_AUTHOR_NAME: "kovn-build",
  GIT_AUTHOR_EMAIL: "kovn-build@localhost",
  GIT_AUTHOR_DATE: "946684800 +0000",
  GIT_COMMITTER_DATE: "946684800 +0000",
};

/** The mirror's folder of a base: one a repository, so that all lines and runs share it. */
function mirrorOf(base: Base, work: string): string {
  return join(
    work,
    "mirrors",
    base.kind === "git" ? `git-${keyOf(urlOf(base.url)).slice(0, 16)}` : `apt-${base.sha256.slice(0, 16)}`,
  );
}

/** Set when a base is complete in its mirror: commit and all file contents. */
function completeRef(base: Base): string {
  return `refs/kovn/${base.kind === "git" ? base.commit : "alternate"}`;
}

/** True when a base is on disk, whole: decided without a program or the network. */
export async function isComplete(base: Base, work: string): Promise<boolean> {
  return exists(join(mirrorOf(base, work), completeRef(base)));
}

/**
 * Finds out in at most 12 s whether a base can be had; `refreshApt` renews apt's lists (as root) when they lack it. Throws "network" with
 * the reason when it cannot.
 */
export async function probeBase(base: Base, options: MirrorOptions & { readonly refreshApt: boolean }): Promise<void> {
  if (await isComplete(base, options.work)) return;
  if (base.kind === "apt") return probeApt(base, options);
  const wrong = await askRepository(urlOf(base.url), { host: options.host, timeout: probeTimeout });
  if (wrong !== undefined) throw new BuildError("network", `Repository ${base.url} cannot be read: ${wrong}.`);
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
      ? "apt offers no version of it; renew its lists with `apt-get update`"
      : `apt offers now: ${offered.join(", ")}; declare one of them with its sha256 in source.yaml`;
  throw new BuildError("network", `Debian's ${base.package} ${base.version} cannot be had: ${now}.`);
}

/** A path is made absolute, since git runs in other folders; a URL (or host:path) stays. */
function urlOf(url: string): string {
  return /^[a-z+]+:\/\/|^[^/]+:/.test(url) ? url : resolve(url);
}

/**
 * Brings a base into its mirror, unless it is there. Safe to be killed: a base counts only from the moment its ref is set. Throws
 * "network" when it is not reached or lacks the commit, "digest" when other bytes came than were declared.
 */
export async function fetchBase(base: Base, options: MirrorOptions): Promise<Fetched> {
  const repository = mirrorOf(base, options.work);
  if (!(await isComplete(base, options.work))) {
    const onWait = () => options.notice?.(`Another kovn-build fetches into ${repository}: waiting for it.`);
    await withLock(repository, { signal: options.host.signal, onWait }, async () => {
      if (await isComplete(base, options.work)) return;
      await removeLeftovers(repository);
      await (base.kind === "git" ? fetchGit(base, repository, options) : fetchApt(base, repository, options));
    });
  }
  return { repository, commit: await git(["rev-parse", "--verify", completeRef(base)], { host: options.host, cwd: repository }) };
}

/** Removes what a killed run left in the way: git's lock files, half packs, and the folder of a half-made mirror. */
async function removeLeftovers(repository: string): Promise<void> {
  const left = await glob(["**/*.lock", "objects/pack/tmp_*"], { cwd: repository, absolute: true, dot: true });
  for (const path of [...left, halfOf(repository)]) await rm(path, { recursive: true, force: true });
}

function halfOf(repository: string): string {
  return `${repository}.half`;
}

async function fetchGit(base: Base & { kind: "git" }, repository: string, { host }: MirrorOptions): Promise<void> {
  await mkdir(repository, { recursive: true });
  const options = { host, cwd: repository, timeout: fetchTimeout };
  await initBlobless(repository, urlOf(base.url), { ...options, bare: true });
  await fetchCommit(base.commit, urlOf(base.url), options).catch((cause: unknown) => {
    if (!(cause instanceof BuildError)) throw cause;
    throw new BuildError("network", `Repository ${base.url} did not give the pinned commit. ${cause.message}`, {
      cause,
      hint: "--from SOURCE=PATH_OR_URL of a whole clone that has it",
    });
  });
  await git(["update-ref", completeRef(base), base.commit], options);
}

async function fetchApt(base: Base & { kind: "apt" }, repository: string, { host, work }: MirrorOptions): Promise<void> {
  const dir = halfOf(repository);
  try {
    await mkdir(join(dir, "tree"), { recursive: true });
    await downloadPackage(base.package, base.version, dir, { host });
    const deb = (await readdir(dir)).find((file) => file.endsWith(".deb"));
    if (deb === undefined) throw new BuildError("network", `apt-get downloaded no package for ${base.package} ${base.version}.`);
    await unpackPackage(join(dir, deb), join(dir, "deb"), { host });
    const tarball = join(dir, "deb", base.member);
    if (!(await exists(tarball)))
      throw new BuildError("digest", `Package ${base.package} ${base.version} holds no file ${base.member}.`);
    const found = await sha256File(tarball);
    if (found !== base.sha256)
      throw new BuildError(
        "digest",
        `${base.member} of ${base.package} ${base.version} has sha256 ${found}, declared is ${base.sha256}.`,
      );
    await extractTar(tarball, join(dir, "tree"));
    await commitTree(base, dir, host);
    await mkdir(join(work, "mirrors"), { recursive: true });
    await rm(repository, { recursive: true, force: true });
    await rename(join(dir, "repository"), repository);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Commits the unpacked tree, ignored files included, with fixed author and date, in a bare repository of its own. */
async function commitTree(base: Base & { kind: "apt" }, dir: string, host: Host): Promise<void> {
  const repository = join(dir, "repository");
  await git(["init", "--quiet", "--template=", "--bare", repository], { host });
  const options = {
    host,
    cwd: join(dir, "tree"),
    env: { ...alternateAuthor, GIT_DIR: repository, GIT_WORK_TREE: join(dir, "tree") },
  };
  await git(["add", "--all", "--force"], options);
  const tree = await git(["write-tree"], options);
  const commit = await git(
    ["commit-tree", tree, "-m", `${base.package} ${base.version}\n\nsha256 of ${base.member}: ${base.sha256}`],
    options,
  );
  await git(["update-ref", completeRef(base), commit], options);
}
