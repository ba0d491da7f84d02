import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Found } from "../../src/patches/import/draft.ts";
import { readFound, type FindOptions } from "../../src/patches/import/found.ts";
import { startTrial } from "../../src/sys/git-am.ts";
import { host, watchTask } from "./host.ts";
import { inGit, makeUpstream, writeFiles } from "./project.ts";

/** A fork with commits of many kinds, as people have them: to be imported in all shapes. */
export interface Fork {
  readonly repository: string;
  /** The commit that the fork's own are on. */
  readonly start: string;
  /** Its own commits, oldest first. */
  readonly commits: readonly string[];
  /** The tree after each of them. */
  readonly trees: readonly string[];
}

const author = "Jürgen Grün <j.gruen@example.com>";
const long = "Grüß alle, die es gibt, mit einem Satz, der so lang ist, dass git ihn in der Kopfzeile auf zwei Zeilen schreibt";

/** Makes a fork: changes, a new file, a deleted one, a rename, a mode, carriage returns, names that need quotes. */
export async function makeFork(folder: string): Promise<Fork> {
  const repository = join(folder, "fork");
  await makeUpstream(repository);
  const commit = async (subject: string, ...more: readonly string[]) => {
    await inGit(repository, "add", "--all");
    await inGit(repository, "commit", "--quiet", "--author", author, "--date=1700003600 -0330", "--message", subject, ...more);
    return inGit(repository, "rev-parse", "HEAD");
  };
  const text = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join("");
  await writeFiles(repository, { "lib/dos.txt": "one\r\ntwo\r\nthree\r\n", "lib/long.c": text(40), "old.txt": "old\n" });
  const start = await commit("Start");
  const steps: readonly (() => Promise<string>)[] = [
    async () => {
      await writeFiles(repository, { "greeting.txt": "hello world\n" });
      return commit(long, "--message", "Why: ü.\n\nSigned-off-by: A <a@example.com>");
    },
    async () => {
      await writeFiles(repository, { "lib/long.c": text(40).replace("line 2\n", "--- two\n").replace("line 39\n", "") });
      return commit("lib: Two hunks.");
    },
    async () => {
      await writeFiles(repository, { "lib/new file.c": "int new;\n", "old.txt": undefined, "lib/grün.txt": "no end" });
      return commit("A new file, and an old one.");
    },
    async () => {
      await writeFiles(repository, { "lib/dos.txt": "one\r\nTWO\r\nthree\r\n" });
      return commit("Carriage returns.");
    },
    async () => {
      await writeFiles(repository, { "lib/code.c": undefined, "src/code.c": "#!int main;\n" });
      return commit("Move a file.");
    },
  ];
  const commits: string[] = [];
  for (const step of steps) commits.push(await step());
  const trees = await Promise.all(commits.map(async (id) => inGit(repository, "rev-parse", `${id}^{tree}`)));
  return { repository, start, commits, trees };
}

/** Reads patches as `patches import` does, and what it reports meanwhile. */
export async function find(
  folder: string,
  from: readonly string[],
  options: Partial<FindOptions> = {},
): Promise<{ readonly found: readonly Found[]; readonly seen: readonly string[] }> {
  const scratch = join(folder, "scratch");
  await mkdir(scratch, { recursive: true });
  const { task, seen } = watchTask();
  const source = { name: "demo", upstream: "https://example.com/demo.git" };
  const found = await readFound(from, { source, scratch, host: { ...host, task }, ...options });
  return { found, seen };
}

/** Applies diffs, one after the other, and returns the tree after each; undefined where one does not apply. */
export async function treesOf(
  { repository, start }: Pick<Fork, "repository" | "start">,
  diffs: readonly Buffer[],
  folder: string,
): Promise<readonly (string | undefined)[]> {
  const trial = await startTrial(start, { host, cwd: repository });
  const trees: (string | undefined)[] = [];
  for (const diff of diffs) {
    const path = join(folder, "one.diff");
    await writeFile(path, diff);
    trees.push((await trial.apply(path)) ? await trial.tree() : undefined);
  }
  return trees;
}
