import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { demo, sourceYaml, writeProject } from "../helpers/project.ts";
import { commitsOf } from "../helpers/tree.ts";
import { commitAtRandom } from "./commits.ts";
import { judge } from "./judge.ts";
import { chanceOf } from "./mutate.ts";

/**
 * Makes random commits in a patched tree and exports it. The export must be refused and write
 * nothing, or the series must make the same commits when it is applied again, and stay as it is
 * when these are exported. Returns `exported`, `refused`, or what is wrong.
 */
export async function exportAtRandom(folder: string, upstream: string, number: number): Promise<string> {
  const chance = chanceOf(number);
  const project = await writeProject(folder, { [`${demo}/source.yaml`]: sourceYaml(upstream) });
  const env = { HOME: join(folder, "home"), TMPDIR: join(folder, "tmp") };
  for (const path of Object.values(env)) await mkdir(path);
  const run = (...args: readonly string[]) => kovnBuild(project, ["patches", ...args], env);
  const applied = await run("apply", "demo", "tree");
  if (applied.exitCode !== 0) return `apply fails: ${applied.stderr}`;
  const count = 1 + Math.floor(chance() * 2);
  for (let made = 0; made < count; made++) await commitAtRandom(join(project, "tree"), chance);
  const before = JSON.stringify(await contentOf(join(project, "patches")));
  const exported = await run("export", "demo", "tree");
  const wrong = judge(exported, [0, 2]);
  if (wrong !== undefined) return wrong;
  const after = JSON.stringify(await contentOf(join(project, "patches")));
  if (exported.exitCode !== 0) return before === after ? "refused" : `refused, but something was written: ${exported.stderr}`;
  const again = await run("apply", "demo", "again");
  if (again.exitCode !== 0) return `exported, but does not apply: ${again.stderr}`;
  const [commits, others] = [await commitsOf(join(project, "tree")), await commitsOf(join(project, "again"))];
  const different = commits.findIndex((commit, index) => commit !== others[index]);
  if (different >= 0 || others.length !== commits.length)
    return `other commits come back: ${JSON.stringify([commits[different], others[different]])}`;
  const second = await run("export", "demo", "again");
  if (second.exitCode !== 0 || JSON.stringify(await contentOf(join(project, "patches"))) !== after)
    return `a second export changes the series: ${second.stdout}${second.stderr}`;
  return "exported";
}
