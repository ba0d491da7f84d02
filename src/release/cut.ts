import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { exists, writeWhole } from "../sys/files.ts";
import { git } from "../sys/git.ts";
import { userGit } from "../sys/git-user.ts";
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
  try {
    await writeChangelog(path, isNew, options);
    await userGit(["add", "--", changelog], inRoot);
    // A run that was killed before tagging has committed already.
    if ((await git(["diff", "--cached", "--name-only"], inRoot)) !== "") {
      await userGit(["commit", "--quiet", "-m", `Release ${version}`], inRoot);
    }
    await userGit(["tag", "--annotate", "-m", options.name, tagOf(version)], inRoot);
  } catch (error) {
    await userGit(["reset", "--quiet", "--hard", start], { ...inRoot, host: { ...host, signal: new AbortController().signal } });
    if (isNew) await rm(path, { force: true });
    throw error;
  }
  if (remote !== undefined) {
    const args = ["push", "--atomic", remote.name, `HEAD:${remote.branch}`, `refs/tags/${tagOf(version)}`];
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

async function writeChangelog(path: string, isNew: boolean, { version, date, changes }: CutOptions): Promise<void> {
  const old = isNew ? "# Changelog\n" : await readFile(path, "utf8");
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(path, releaseChangelog(old, version, date, changes));
}
