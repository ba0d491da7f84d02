import { basename } from "node:path";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { userGit } from "../sys/git-user.ts";
import { parseStaged } from "../sys/staging.ts";

/**
 * Throws "usage" when the work tree has uncommitted changes, except in the file `left`: a release is
 * a commit.
 */
export async function assertClean(root: string, left: string | undefined, host: Host): Promise<void> {
  // With the person's configuration, for their ignore rules.
  const status = (...args: readonly string[]) => userGit(["-c", "core.quotePath=false", "status", ...args], { host, cwd: root });
  const changes = await status("--porcelain");
  if (changes.split("\n").every((row) => row === "" || row.slice(3) === left || isStaged(row))) return;
  const rows = (await status("--porcelain=v2", "--branch", "--untracked-files=all")).split("\n");
  throw new BuildError("usage", `${root} has uncommitted changes:\n${changes}`, { hint: howToClean(rows, root) });
}

/** True for what a killed run has left beside what it was writing; the next one to write there removes it. */
function isStaged(row: string): boolean {
  return row.startsWith("?? ") && parseStaged(basename(row.slice(3)))?.role === "next";
}

/**
 * What clears a work tree. `git stash` leaves repositories in it as they are, and refuses a merge
 * that is not finished. `rows` are those of git-status(1), porcelain format version 2.
 */
function howToClean(rows: readonly string[], root: string): string {
  if (rows.some((row) => row.startsWith("u "))) return "finish the merge, and commit it";
  if (rows.includes("# branch.oid (initial)")) return `git -C ${root} add --all && git -C ${root} commit`;
  // Only a repository of its own is shown as a folder.
  const repositories = rows.flatMap((row) => /^\? (.+)\/$/.exec(row)?.[1] ?? []);
  const submodules = rows.flatMap((row) => /^1 \S+ S\S+ (?:\S+ ){5}(.+)$/.exec(row)?.[1] ?? []);
  const nested = [
    ...repositories.map((path) => `move ${path}, a git repository, out of ${root}, or list it in .gitignore`),
    ...submodules.map((path) => `commit or undo the changes in submodule ${path}`),
  ];
  if (rows.filter((row) => !row.startsWith("# ")).length === nested.length) return nested.join("\n     ");
  // `git stash` refuses what git-add(1) only intends to add.
  const add = rows.some((row) => row.startsWith("1 .A ")) ? `git -C ${root} add --update && ` : "";
  const what = nested.length > 0 ? "the rest" : "them";
  return [...nested, `commit ${what}, or: ${add}git -C ${root} stash --include-untracked`].join("\n     ");
}
