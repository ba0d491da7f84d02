import { join, resolve } from "node:path";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { git, tryGit } from "../sys/git.ts";
import { sayProgress } from "../sys/git-progress.ts";
import { userGit } from "../sys/git-user.ts";
import { readText } from "../sys/read-file.ts";
import { runTask } from "../sys/run-task.ts";
import { withLock } from "../sys/with-lock.ts";
import { writeWhole } from "../sys/write-whole.ts";
import { releaseChangelog } from "./changelog.ts";
import type { Remote } from "./remote.ts";
import { undoCut, type CutWork } from "./undo-cut.ts";
import { tagOf } from "./version.ts";

/** Milliseconds that a push may take. */
const pushTimeout = 5 * 60_000;

/** What a release says about itself. */
export interface CutText {
  readonly version: string;
  readonly name: string;
  /** Day of the release, as `2026-11-22`. */
  readonly date: string;
  /** The changelog, below the top folder of the project's repository. */
  readonly changelog: string;
  /** Lines for the changelog on what the series changed. */
  readonly changes: readonly string[];
}

/** A release before it is cut: its commit, its tag, and its changelog. */
export interface Cut {
  readonly tag: string;
  /** The message of the tag. */
  readonly name: string;
  /** The subject of the commit. */
  readonly subject: string;
  readonly changelog: CutWork["changelog"];
}

/** Makes the texts of a release. Writes nothing. */
export async function prepareCut(root: string, { version, name, date, changelog, changes }: CutText): Promise<Cut> {
  const path = join(root, changelog);
  const before = (await exists(path)) ? await readText(path, "a project file") : undefined;
  const after = releaseChangelog(before ?? "# Changelog\n", version, date, changes);
  return { tag: tagOf(version), name, subject: subjectOf(version), changelog: { path: changelog, before, after } };
}

/**
 * Cuts a release: changelog, commit, annotated tag. git runs with the person's environment and
 * configuration (name, signing, hooks). If that fails or is interrupted, nothing of it stays, and
 * everything else does.
 */
export async function cutRelease(cut: Cut, root: string, host: Host): Promise<void> {
  const start = await git(["rev-parse", "HEAD"], { host, cwd: root });
  try {
    // Hooks and signing take their time.
    await runTask(host, `commit and tag ${cut.tag}`, async (below) => commitAndTag(cut, { host: below, cwd: root }));
  } catch (error) {
    await undoCut({ root, start, ...cut }, host);
    throw error;
  }
}

/**
 * Runs `work` while no other process cuts a release here. The lock is in git's own folder: anything
 * else is a change that is not committed.
 */
export async function withCutLock<T>(root: string, host: Host, work: () => Promise<T>): Promise<T> {
  const found = await tryGit(["rev-parse", "--git-path", "kovn-build.lock"], { host, cwd: root });
  // Outside of a repository, `work` reports what is wrong.
  if (found.exitCode !== 0) return work();
  return withLock(resolve(root, found.stdout.trim()), { host, other: "is cutting a release" }, work);
}

/**
 * True when a version is cut already: HEAD is the commit that a cut makes, and has its tag. A cut
 * that was killed afterwards or could not push leaves it so.
 */
export async function isCut(version: string, root: string, host: Host): Promise<boolean> {
  const inRoot = { host, cwd: root };
  const subject = await tryGit(["log", "-1", "--format=%s", "HEAD"], inRoot);
  const tags = await tryGit(["tag", "--points-at", "HEAD"], inRoot);
  return subject.stdout.trim() === subjectOf(version) && tags.stdout.split("\n").includes(tagOf(version));
}

/** Pushes the current branch and a version's tag, both or none. */
export async function pushRelease(version: string, remote: Remote, root: string, host: Host): Promise<void> {
  const tag = tagOf(version);
  const args = ["push", "--atomic", remote.name, `HEAD:${remote.branch}`, `refs/tags/${tag}`];
  await runTask(host, `push ${tag} to ${remote.name}`, async (below) =>
    userGit(["push", "--progress", ...args.slice(1)], {
      host: below,
      cwd: root,
      timeout: pushTimeout,
      status: sayProgress(below.task),
    }),
  ).catch((cause: unknown) => {
    if (!(cause instanceof BuildError)) throw cause;
    throw new BuildError("network", `${tag} exists, but was not pushed. ${cause.message}`, {
      cause,
      hint: `kovn-build release cut ${version} --push, or git -C ${root} ${args.join(" ")}`,
    });
  });
}

function subjectOf(version: string): string {
  return `Release ${version}`;
}

async function commitAndTag(
  { tag, name, subject, changelog }: Cut,
  inRoot: { readonly host: Host; readonly cwd: string },
): Promise<void> {
  await writeWhole(join(inRoot.cwd, changelog.path), changelog.after);
  await userGit(["add", "--", changelog.path], inRoot);
  // A run that was killed before tagging has committed already.
  if ((await git(["diff", "--cached", "--name-only"], inRoot)) !== "") {
    await userGit(["commit", "--quiet", "-m", subject], inRoot);
  }
  await userGit(["tag", "--annotate", "-m", name, tag], inRoot);
}
