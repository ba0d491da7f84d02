import { join } from "node:path";
import { isFile } from "./files.ts";
import { git, type GitOptions } from "./git.ts";

/**
 * The path of a file that git keeps for itself in a repository, such as `MERGE_MSG`. git is asked
 * only where its folder is not in `options.cwd`: in a folder of a work tree, or in a work tree that
 * was added to another one (git-worktree(1)).
 */
export async function gitPath(name: string, options: GitOptions): Promise<string> {
  const { bare, cwd } = options;
  if (bare !== undefined) return join(bare, name);
  if (cwd !== undefined && (await isFile(join(cwd, ".git/HEAD")))) return join(cwd, ".git", name);
  return git(["rev-parse", "--path-format=absolute", "--git-path", name], options);
}
