import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { demo, sourceYaml, writeProject } from "../helpers/project.ts";
import { commitsOf } from "../helpers/tree.ts";
import { commitAtRandom, makePlain } from "./commits.ts";
import { judge } from "./judge.ts";
import { chanceOf } from "./mutate.ts";

/** What became of each random commit of a tree, and what is wrong, if anything. */
export interface ExportAttempt {
  readonly outcomes: readonly ("exported" | "refused")[];
  readonly wrong?: string;
}

/** Random commits of a tree. */
export const commitsPerTree = 10;

/**
 * Makes random commits in a patched tree and exports it. An export that refuses commits must write
 * nothing; these commits are then made plain. The series must make the same commits when it is
 * applied again, and stay as it is when these are exported.
 */
export async function exportAtRandom(folder: string, upstream: string, number: number): Promise<ExportAttempt> {
  const chance = chanceOf(number);
  const project = await writeProject(folder, { [`${demo}/source.yaml`]: sourceYaml(upstream) });
  const tree = join(project, "tree");
  const env = { HOME: join(folder, "home"), TMPDIR: join(folder, "tmp") };
  for (const path of Object.values(env)) await mkdir(path);
  const run = (...args: readonly string[]) => kovnBuild(project, ["patches", ...args], env);
  const series = async () => JSON.stringify(await contentOf(join(project, "patches")));
  const is = (wrong: string): ExportAttempt => ({ outcomes: [], wrong });
  const applied = await run("apply", "demo", "tree");
  if (applied.exitCode !== 0) return is(`apply fails: ${applied.stderr}`);
  for (let made = 0; made < commitsPerTree; made++) await commitAtRandom(tree, chance);
  const before = await series();
  const refused = new Set<string>();
  for (;;) {
    const exported = await run("export", "demo", "tree");
    const wrong = judge(exported, [0, 2]);
    if (wrong !== undefined) return is(wrong);
    if (exported.exitCode === 0) break;
    if ((await series()) !== before) return is(`refused, but something was written: ${exported.stderr}`);
    const named = [...exported.stderr.matchAll(/^ {2}([0-9a-f]{12}) /gm)].map(([, id = ""]) => id);
    if (named.length === 0 || refused.size + named.length > commitsPerTree)
      return is(`refused for no commit: ${exported.stderr}`);
    for (const id of named) refused.add(id);
    await makePlain(tree, new Set(named));
  }
  const after = await series();
  const again = await run("apply", "demo", "again");
  if (again.exitCode !== 0) return is(`exported, but does not apply: ${again.stderr}`);
  const [commits, others] = [await commitsOf(tree), await commitsOf(join(project, "again"))];
  const different = commits.findIndex((commit, index) => !isKept(commit, others[index]));
  if (different >= 0 || others.length !== commits.length)
    return is(`other commits come back: ${JSON.stringify([commits[different], others[different]])}`);
  const second = await run("export", "demo", "again");
  if (second.exitCode !== 0 || (await series()) !== after)
    return is(`a second export changes the series: ${second.stdout}${second.stderr}`);
  return { outcomes: Array.from({ length: commitsPerTree }, (_, index) => (index < refused.size ? "refused" : "exported")) };
}

/** True for the same commit, and for one whose missing fields were filled in. */
function isKept(commit: string, exported = ""): boolean {
  if (!exported.startsWith(commit)) return false;
  return /^(\n(Origin|Forwarded|Last-Update): .*)*$/.test(exported.slice(commit.length));
}
