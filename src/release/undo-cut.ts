import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { git, tryGit } from "../sys/git.ts";
import { userGit } from "../sys/git-user.ts";
import { readText } from "../sys/read-file.ts";
import { writeWhole } from "../sys/write-whole.ts";

/** What a cut makes, and what was there before. */
export interface CutWork {
  /** The top folder of the project's repository. */
  readonly root: string;
  /** The commit before the cut. */
  readonly start: string;
  readonly tag: string;
  /** The subject of the cut's commit. */
  readonly subject: string;
  /** The path of the changelog below `root`, its text before, if there was one, and with the release. */
  readonly changelog: { readonly path: string; readonly before: string | undefined; readonly after: string };
}

/**
 * Takes back a cut that failed: its tag, its commit and its text in the changelog. Everything else
 * stays as a hook or a person left it, and a notice names it.
 */
export async function undoCut(work: CutWork, host: Host): Promise<void> {
  const { root, tag, changelog } = work;
  // What is undone was interrupted, maybe.
  const options = { host: { ...host, signal: new AbortController().signal }, cwd: root };
  // git may have made the tag before it was interrupted.
  await tryGit(["update-ref", "-d", `refs/tags/${tag}`], options);
  await takeBackCommit(work, options);
  await tryGit(["reset", "--quiet", "--", changelog.path], options);
  await restore(join(root, changelog.path), changelog);
  const left = await userGit(["-c", "core.quotePath=false", "status", "--porcelain"], options).catch(() => "");
  const others = left.split("\n").filter((row) => row !== "" && row.slice(3) !== changelog.path);
  if (others.length > 0) host.task.notice(`These changes are not of ${tag}, and stay:\n${others.join("\n")}`);
}

/** Moves HEAD back from the cut's commit; files and index stay. Commits that a hook made stay as well. */
async function takeBackCommit({ start, subject, root }: CutWork, options: { readonly host: Host; readonly cwd: string }) {
  const [head, parents, found] = (await git(["log", "-1", "--format=%H%n%P%n%s", "HEAD"], options)).split("\n");
  if (head === undefined || head === start) return;
  if (parents === start && found === subject) await git(["update-ref", "HEAD", start, head], options);
  else options.host.task.notice(`A hook has committed meanwhile. To take it back: git -C ${root} reset --soft ${start}`);
}

/** Puts the old text back, unless somebody changed the new one. */
async function restore(path: string, { before, after }: CutWork["changelog"]): Promise<void> {
  if (!(await exists(path)) || (await readText(path, "a project file")) !== after) return;
  // What an earlier cut left is not in any commit.
  if (before === undefined) await rm(path);
  else await writeWhole(path, before);
}
