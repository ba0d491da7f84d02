import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { exists, writeWhole } from "../sys/files.ts";
import { git, tryGit } from "../sys/git.ts";
import { userGit } from "../sys/git-user.ts";
import { releaseChangelog } from "./changelog.ts";
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
  /** Lines for the changelog on what the series changed. */
  readonly changes: readonly string[];
  readonly push: boolean;
  readonly host: Host;
}

/** Throws "usage" when the work tree has uncommitted changes: a release is a commit. */
export async function assertClean(root: string, host: Host): Promise<void> {
  // With the person's configuration, for their ignore rules.
  const status = await userGit(["status", "--porcelain"], { host, cwd: root });
  if (status !== "")
    throw new BuildError("usage", `${root} has uncommitted changes:\n${status}`, {
      hint: `commit them, or: git -C ${root} stash --include-untracked`,
    });
}

/**
 * Cuts a release of a clean work tree: changelog, commit, annotated tag, and with `push` both to
 * the remote of the branch, atomically. git runs with the person's configuration (name, signing,
 * hooks). Returns the commit. When committing or tagging fails, both are undone; when pushing
 * fails, commit and tag stay.
 */
export async function cutRelease(options: CutOptions): Promise<string> {
  const { root, version, host, push } = options;
  const inRoot = { host, cwd: root };
  const start = await git(["rev-parse", "HEAD"], inRoot);
  const to = push ? await remoteBranch(root, host) : undefined;
  try {
    await writeChangelog(options);
    await userGit(["add", "--", "CHANGELOG.md"], inRoot);
    // A run that was killed before tagging has committed already.
    if ((await git(["diff", "--cached", "--name-only"], inRoot)) !== "") {
      await userGit(["commit", "--quiet", "-m", `Release ${version}`], inRoot);
    }
    await userGit(["tag", "--annotate", "-m", options.name, tagOf(version)], inRoot);
  } catch (error) {
    await git(["reset", "--quiet", "--hard", start], { ...inRoot, host: { ...host, signal: new AbortController().signal } });
    throw error;
  }
  if (to !== undefined) {
    const args = ["push", "--atomic", to.remote, `HEAD:${to.branch}`, `refs/tags/${tagOf(version)}`];
    await userGit(args, { ...inRoot, timeout: pushTimeout }).catch((cause: unknown) => {
      if (!(cause instanceof BuildError)) throw cause;
      throw new BuildError("network", `${tagOf(version)} exists, but was not pushed. ${cause.message}`, {
        cause,
        hint: `git -C ${root} ${args.join(" ")}`,
      });
    });
  }
  return git(["rev-parse", "HEAD"], inRoot);
}

async function writeChangelog({ root, version, date, changes }: CutOptions): Promise<void> {
  const path = join(root, "CHANGELOG.md");
  const old = (await exists(path)) ? await readFile(path, "utf8") : "# Changelog\n";
  await writeWhole(path, releaseChangelog(old, version, date, changes));
}

/**
 * Where the current branch is pushed to: its own remote, else `origin`. Throws "usage" when no
 * branch is checked out.
 */
async function remoteBranch(root: string, host: Host): Promise<{ readonly remote: string; readonly branch: string }> {
  const options = { host, cwd: root };
  const branch = await tryGit(["symbolic-ref", "--quiet", "HEAD"], options);
  if (branch.exitCode !== 0)
    throw new BuildError("usage", "No branch is checked out, so there is nowhere to push to.", { hint: "git switch main" });
  const ref = branch.stdout.trim();
  const short = ref.replace(/^refs\/heads\//, "");
  const remote = await tryGit(["config", `branch.${short}.remote`], options);
  const merge = await tryGit(["config", `branch.${short}.merge`], options);
  return { remote: remote.stdout.trim() || "origin", branch: merge.stdout.trim() || ref };
}
