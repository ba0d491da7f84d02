import { BuildError } from "../../errors.ts";
import { requiredFields } from "../../config/patch.ts";
import { listOf } from "../../list.ts";
import { copyCommit, readCommit } from "../../sys/git-pick.ts";
import { trailers } from "../../sys/git-patch.ts";
import { git, tryGit, type GitOptions } from "../../sys/git.ts";
import { unmergedFiles } from "./move-one.ts";

/** The patch that a person resolved. */
interface Resolved {
  readonly name: string;
  /** Its commit on the old base, and the commit that it was moved onto. */
  readonly commit: string;
  readonly head: string;
  /** The work tree, and the command to type with an option, for messages. */
  readonly tree: string;
  readonly command: (option: string) => string;
}

/**
 * Takes what a person made of a patch in the work tree: what is staged, or one commit. Makes git
 * remember how the conflicts were resolved. Throws "usage" when it is not complete.
 */
export async function takeResolution(resolved: Resolved, options: GitOptions): Promise<string> {
  const { name, commit, head, tree, command } = resolved;
  const now = await git(["rev-parse", "HEAD"], options);
  await assertMerged(resolved, options);
  await git(["rerere"], options);
  if (now !== head) return takeCommitted(now, resolved, options);
  const made = await git(["write-tree"], options);
  if (made === (await git(["rev-parse", `${head}^{tree}`], options)))
    throw new BuildError("usage", `Nothing of patch \`${name}\` is left in ${tree}.`, {
      hint: `${command("--skip")} drops it; git -C ${tree} add FILE takes a file that you changed`,
    });
  return copyCommit(await readCommit(commit, options), made, head, options);
}

async function assertMerged({ name, tree }: Resolved, options: GitOptions): Promise<void> {
  const open = await unmergedFiles(options);
  if (open.length > 0) throw notReady(`Patch \`${name}\` is not merged: conflicts are left in`, open, tree);
  const changed = (await git(["diff", "--name-only"], options)).split("\n").filter((file) => file !== "");
  if (changed.length > 0) throw notReady(`Patch \`${name}\` is not merged: changes are not staged in`, changed, tree);
  const { stdout } = await tryGit(["diff", "--cached", "--unified=0", "--no-color", "HEAD"], { ...options, encoding: "latin1" });
  let file = "";
  const marked = new Set<string>();
  for (const row of stdout.split("\n")) {
    file = /^\+\+\+ b\/(.*)$/.exec(row)?.[1] ?? file;
    if (/^\+(?:<{7}|>{7}) /.test(row)) marked.add(file);
  }
  if (marked.size > 0) throw notReady(`Patch \`${name}\` is not merged: marks of conflicts are left in`, [...marked], tree);
  const others = await git(["ls-files", "--others", "--directory", "--exclude-standard"], options);
  if (others === "") return;
  throw new BuildError("usage", `Patch \`${name}\` would lack what git does not know: ${listOf(others.split("\n"))}.`, {
    hint: `git -C ${tree} add FILES, or git -C ${tree} clean -fd FILES`,
  });
}

function notReady(what: string, files: readonly string[], tree: string): BuildError {
  return new BuildError("usage", `${what} ${listOf(files)}.`, { hint: `edit them in ${tree}, then git -C ${tree} add FILES` });
}

/** Takes the commit that a person made, if it is the only one and a patch can be written of it. */
async function takeCommitted(now: string, { name, head, tree }: Resolved, options: GitOptions): Promise<string> {
  const above = await tryGit(["rev-list", "--parents", `${head}..${now}`], options);
  const rows = above.stdout.split("\n").filter((row) => row !== "");
  const staged = await git(["diff", "--cached", "--name-only", "HEAD"], options);
  if (rows.length !== 1 || rows[0] !== `${now} ${head}` || staged !== "")
    throw new BuildError("usage", `In ${tree}, patch \`${name}\` is not one commit on ${head.slice(0, 12)}.`, {
      hint: `git -C ${tree} reset --soft ${head}, and git -C ${tree} add FILES`,
    });
  const { message } = await readCommit(now, options);
  const fields = new Map(await trailers(message, options));
  const missing = requiredFields.filter((field) => !fields.has(field));
  if (missing.length > 0)
    throw new BuildError("usage", `The commit of patch \`${name}\` in ${tree} lacks ${missing.join(", ")}.`, {
      hint: `git -C ${tree} commit --amend, with these fields in its last paragraph`,
    });
  return now;
}
