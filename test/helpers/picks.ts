import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyFixture } from "./fixtures.ts";
import { commitAll, inGit, makeUpstream, pin, writeFiles } from "./project.ts";

/** The commits of a branch `next` that `makeNext` makes beside the pin, by what they are. */
export interface Next {
  /** Changes the first of `numbers.txt`, and adds `tests/all.txt`. */
  readonly first: string;
  /** Changes the tenth of `numbers.txt`, and adds a line to `tests/all.txt`, which the pin does not have. */
  readonly ten: string;
  /** Changes `lib/code.c`. */
  readonly code: string;
  /** Changes the greeting, as no patch of the series expects. */
  readonly greeting: string;
  /** Changes `lib/code.c` as `code` did, from another line. */
  readonly late: string;
  readonly merge: string;
  /** Changes `lib/main.c`, which is `lib/code.c` under another name. */
  readonly renamed: string;
}

/** Adds a branch `next` to the new upstream of a fixture, which stays on `main`. The same ids at every call. */
export async function makeNext(upstream: string): Promise<Next> {
  await rm(upstream, { recursive: true });
  return copyFixture("next", upstream, async (folder) => {
    await makeUpstream(folder);
    return addNext(folder);
  });
}

async function addNext(upstream: string): Promise<Next> {
  const change = async (files: Readonly<Record<string, string>>, message: string) => {
    await writeFiles(upstream, files);
    return commitAll(upstream, message);
  };
  await inGit(upstream, "checkout", "--quiet", "-b", "next", pin);
  const numbers = (await readFile(join(upstream, "numbers.txt"), "utf8")).replace("1\n", "one\n");
  const first = await change({ "numbers.txt": numbers, "tests/all.txt": "first\n" }, "Begin with one");
  const ten = await change(
    { "numbers.txt": numbers.replace("10\n", "ten\n"), "tests/all.txt": "first\nten\n" },
    "Fix ten\n\nIt was a number.\n\nSigned-off-by: Up Stream <up@example.com>",
  );
  const code = await change({ "lib/code.c": "int fixed;\n" }, "Fix the code");
  const greeting = await change({ "greeting.txt": "good morning\n" }, "Greet in the morning");
  await inGit(upstream, "checkout", "--quiet", "-b", "side", first);
  await change({ "lib/code.c": "int other;\n" }, "Other code");
  const late = await change({ "lib/code.c": "int fixed;\n" }, "Fix the other code");
  await inGit(upstream, "merge", "--quiet", "--no-ff", "--strategy=ours", "--message", "Merge", "next");
  const merge = await inGit(upstream, "rev-parse", "HEAD");
  await inGit(upstream, "checkout", "--quiet", "-b", "renamed", pin);
  await inGit(upstream, "mv", "lib/code.c", "lib/main.c");
  await inGit(upstream, "commit", "--quiet", "--message", "Rename");
  const renamed = await change({ "lib/main.c": "int fixed;\n" }, "Fix the main code");
  await inGit(upstream, "checkout", "--quiet", "main");
  return { first, ten, code, greeting, late, merge, renamed };
}

/** The field `picks` of a source.yaml, a line for each: the commit, and what is left out. */
export function picksYaml(...picks: readonly (readonly [commit: string, without?: readonly string[]])[]): string {
  const rows = picks.map(([commit, without = []], index) => {
    const left = without.length === 0 ? "" : `, without: [${without.join(", ")}]`;
    return `  - { commit: ${commit}, why: "fix ${index + 1}"${left} }\n`;
  });
  return `picks:\n${rows.join("")}`;
}

/** Replaces the content of a file. */
export async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(path, "utf8");
  await rm(path);
  await writeFile(path, change(text));
}
