import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { exists, writeWhole } from "../sys/files.ts";
import { git } from "../sys/git.ts";
import { sayProgress } from "../sys/git-progress.ts";
import { userGit } from "../sys/git-user.ts";
import { readText } from "../sys/read-file.ts";
import { runTask } from "../sys/run-task.ts";
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
  /** Where branch and tag are pushed to; undefined for nowhere. */
  readonly remote: Remote | undefined;
  readonly host: Host;
}

/**
 * Cuts a release of a clean work tree: changelog, commit, annotated tag, and with `remote` both are
 * pushed, atomically. git runs with the person's environment and configuration (name, signing,
 * hooks). Returns the commit. When committing or tagging fails, both are undone; when pushing
 * fails, commit and tag stay.
 */
export async function cutRelease(options: CutOptions): Promise<string> {
  const { root, version, changelog, host, remote } = options;
  const inRoot = { host, cwd: root };
  const path = join(root, changelog);
  const isNew = !(await exists(path));
  const start = await git(["rev-parse", "HEAD"], inRoot);
  const tag = tagOf(version);
  try {
    // Hooks and signing take their time.
    await runTask(host, `commit and tag ${tag}`, async (below) => commitAndTag({ ...options, host: below }, path, isNew));
  } catch (error) {
    await userGit(["reset", "--quiet", "--hard", start], { ...inRoot, host: { ...host, signal: new AbortController().signal } });
    if (isNew) await rm(path, { force: true });
    throw error;
  }
  if (remote !== undefined) {
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
        hint: `git -C ${root} ${args.join(" ")}`,
      });
    });
  }
  return git(["rev-parse", "HEAD"], inRoot);
}

async function commitAndTag(options: CutOptions, path: string, isNew: boolean): Promise<void> {
  const { root, version, name, changelog, host } = options;
  const inRoot = { host, cwd: root };
  await writeChangelog(path, isNew, options);
  await userGit(["add", "--", changelog], inRoot);
  // A run that was killed before tagging has committed already.
  if ((await git(["diff", "--cached", "--name-only"], inRoot)) !== "") {
    await userGit(["commit", "--quiet", "-m", `Release ${version}`], inRoot);
  }
  await userGit(["tag", "--annotate", "-m", name, tagOf(version)], inRoot);
}

async function writeChangelog(path: string, isNew: boolean, { version, date, changes }: CutOptions): Promise<void> {
  const old = isNew ? "# Changelog\n" : await readText(path, "a project file");
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(path, releaseChangelog(old, version, date, changes));
}
