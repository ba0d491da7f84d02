import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect } from "vitest";
import { kovnBuild } from "./cli.ts";
import { inGit } from "./project.ts";

/** The four fields that end the message of a new commit. */
export const fields = "Origin: vendor\nForwarded: no\nSeed: none\nLast-Update: 2026-11-22";

/** Makes the patched tree of `demo` in a folder of the project, and returns its path. */
export async function applyTree(project: string, name: string, ...more: readonly string[]): Promise<string> {
  expect(await kovnBuild(project, ["patches", "apply", "demo", name, ...more])).toMatchObject({ exitCode: 0 });
  return join(project, name);
}

/** Writes a file in a tree and commits it. The message is taken as it is, byte for byte. */
export async function commitFile(tree: string, file: string, content: string | Buffer, message: string): Promise<void> {
  await writeFile(join(tree, file), content);
  await inGit(tree, "add", "--all", "--force");
  await commitStaged(tree, message);
}

/** Commits what is staged, also if that is nothing. The message is taken as it is, byte for byte. */
export async function commitStaged(tree: string, message: string): Promise<void> {
  await inGit(tree, "commit", "--quiet", "--allow-empty", "--cleanup=verbatim", `--message=${message}`);
}

/**
 * What export must keep of each commit of a tree: its files, author, date and message, in bytes. Line
 * ends at the end of a message do not count.
 */
export async function commitsOf(tree: string): Promise<readonly string[]> {
  const format = "--format=%T %an <%ae> %ad%n%B%x00";
  const args = ["-C", tree, "log", "--reverse", "--date=raw", "--encoding=UTF-8", format, "HEAD"];
  const { stdout } = await execa("git", args, { encoding: "latin1" });
  return stdout.split("\0").map((commit) => commit.trim());
}
