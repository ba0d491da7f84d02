import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { git, tryGit } from "../sys/git.ts";
import { sayProgress } from "../sys/git-progress.ts";
import { userGit } from "../sys/git-user.ts";
import { readText } from "../sys/read-file.ts";
import { runTask } from "../sys/run-task.ts";
import { writeWhole } from "../sys/write-whole.ts";
import { releaseChangelog } from "./changelog.ts";
import type { Remote } from "./remote.ts";
import { tagOf } from "./version.ts";

/** Milliseconds that a push may take. */
const pushTimeout = 5 * 60_000;

export interface CutOptions {
  /** The top folder of the project's repository. */
  readonly root: string;
  readonly version: string;
  readonly name: string;
  /** Day of the release, as `2026-11-22`. */
  readonly date: string;
  /** The changelog, below `root`. */
  readonly changelog: string;
  /** Lines for the changelog on what the series changed. */
  readonly changes: readonly string[];
  readonly host: Host;
}

/**
 * Cuts a release: changelog, commit, annotated tag. git runs with the person's environment and
 * configuration (name, signing, hooks). If that fails or is interrupted, nothing of it stays.
 */
export async function cutRelease(options: CutOptions): Promise<void> {
  const { root, version, changelog, host } = options;
  const inRoot = { host, cwd: root };
  const path = join(root, changelog);
  const before = (await exists(path)) ? await readText(path, "a project file") : undefined;
  const start = await git(["rev-parse", "HEAD"], inRoot);
  const tag = tagOf(version);
  try {
    // Hooks and signing take their time.
    await runTask(host, `commit and tag ${tag}`, async (below) => commitAndTag({ ...options, host: below }, path, before));
  } catch (error) {
    const undo = { ...inRoot, host: { ...host, signal: new AbortController().signal } };
    // git may have made the tag before it was interrupted.
    await tryGit(["update-ref", "-d", `refs/tags/${tag}`], undo);
    await userGit(["reset", "--quiet", "--hard", start], undo);
    // It may be what an earlier cut left, which is not in any commit.
    if (before === undefined) await rm(path, { force: true });
    else await writeWhole(path, before);
    throw error;
  }
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

async function commitAndTag(options: CutOptions, path: string, before: string | undefined): Promise<void> {
  const { root, version, name, changelog, host } = options;
  const inRoot = { host, cwd: root };
  await writeChangelog(path, before, options);
  await userGit(["add", "--", changelog], inRoot);
  // A run that was killed before tagging has committed already.
  if ((await git(["diff", "--cached", "--name-only"], inRoot)) !== "") {
    await userGit(["commit", "--quiet", "-m", subjectOf(version)], inRoot);
  }
  await userGit(["tag", "--annotate", "-m", name, tagOf(version)], inRoot);
}

async function writeChangelog(path: string, before = "# Changelog\n", { version, date, changes }: CutOptions): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(path, releaseChangelog(before, version, date, changes));
}
