import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Plan } from "../../src/index.ts";
import { readCampaign, type Campaign } from "../helpers/campaign.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { demo, makeUpstream, sourceYaml, writeProject } from "../helpers/project.ts";
import { commitsPerTree, exportAtRandom } from "./export.ts";
import { judge } from "./judge.ts";
import { chanceOf, mutations, pick, type Chance } from "./mutate.ts";

/**
 * How many projects ended in each way. `failures` describes each failed project and names its
 * folder, which is kept.
 */
export interface FuzzResult<Outcome extends string> {
  readonly totals: Readonly<Record<Outcome, number>>;
  readonly failures: readonly string[];
}

const files = [
  `${demo}/series`,
  `${demo}/greet-world.patch`,
  `${demo}/greet-all.patch`,
  `${demo}/source.yaml`,
  "pipelines/test.yaml",
  "patches/seed.yaml",
];

/**
 * Changes valid projects at random and runs the real program on them. `plan` must end with exit
 * code 2 and a message, or print a correct plan, and `patches apply` must then succeed or be
 * refused. There must never be a stack trace, nor a file outside the work folders.
 */
export async function fuzz(options: Campaign): Promise<FuzzResult<"refused" | "planned" | "applied">> {
  return fuzzAll(options, { refused: 0, planned: 0, applied: 0 }, async (...args) => {
    const { outcome, changes } = await attempt(...args);
    const isKnown = outcome === "refused" || outcome === "planned" || outcome === "applied";
    return isKnown ? { outcomes: [outcome] } : { outcomes: [], wrong: `${changes.join(", ")}: ${outcome}` };
  });
}

/** Exports trees with random commits, see `exportAtRandom`. Its totals count commits. */
export async function fuzzExports(options: Campaign): Promise<FuzzResult<"refused" | "exported">> {
  return fuzzAll(options, { refused: 0, exported: 0 }, exportAtRandom);
}

async function fuzzAll<Outcome extends string>(
  { count, seed, parallel }: Campaign,
  totals: Record<Outcome, number>,
  run: (
    folder: string,
    upstream: string,
    number: number,
  ) => Promise<{ readonly outcomes: readonly Outcome[]; readonly wrong?: string }>,
): Promise<FuzzResult<Outcome>> {
  const root = await mkdtemp(join(tmpdir(), "kovn-fuzz-"));
  await makeUpstream(join(root, "upstream"));
  const failures: string[] = [];
  let next = seed;
  const work = async () => {
    while (next < seed + count) {
      const number = next++;
      const folder = join(root, String(number));
      const { outcomes, wrong } = await run(folder, join(root, "upstream"), number);
      for (const outcome of outcomes) totals[outcome]++;
      if (wrong === undefined) await rm(folder, { recursive: true, force: true });
      else failures.push(`project ${number} in ${folder}: ${wrong}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  if (failures.length === 0) await rm(root, { recursive: true, force: true });
  return { totals, failures };
}

/** Runs one project; `outcome` is one of the totals, or what is wrong. */
async function attempt(
  folder: string,
  upstream: string,
  number: number,
): Promise<{ readonly outcome: string; readonly changes: readonly string[] }> {
  const chance = chanceOf(number);
  const project = await writeProject(folder, { [`${demo}/source.yaml`]: sourceYaml(upstream) });
  const changes = [];
  for (let rest = 1 + Math.floor(chance() * 3); rest > 0; rest--) changes.push(await change(project, chance));
  for (const name of ["home", "tmp"]) await mkdir(join(folder, name));
  const env = { HOME: join(folder, "home"), TMPDIR: join(folder, "tmp") };
  const before = await contentOf(folder);
  const planned = await kovnBuild(project, ["plan", "--target", "linux", "--json"], env);
  const wrong = judge(planned, [0, 2]) ?? (differ(before, await contentOf(folder)) ? "plan wrote files" : undefined);
  if (wrong !== undefined || planned.exitCode === 2) return { outcome: wrong ?? "refused", changes };
  const incorrect = await judgePlan(JSON.parse(planned.stdout) as Plan, project);
  if (incorrect !== undefined) return { outcome: incorrect, changes };
  const applied = await kovnBuild(project, ["patches", "apply", "demo", "tree"], env);
  const outside = Object.entries(await contentOf(folder)).filter(([path]) => !/^project\/(tree|\.kovn)(\/|$)/.test(path));
  const failed =
    judge(applied, [0, 1, 2]) ?? (differ(before, Object.fromEntries(outside)) ? "apply wrote files elsewhere" : undefined);
  return { outcome: failed ?? (applied.exitCode === 0 ? "applied" : "planned"), changes };
}

function differ(before: object, after: object): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}

/** Changes one file of a project, and returns a description of the change. */
async function change(project: string, chance: Chance): Promise<string> {
  const name = pick(chance, files);
  const path = join(project, name);
  if (chance() < 0.05) {
    await rm(path, { recursive: true, force: true });
    const kind = pick(chance, ["gone", "a folder", "a link to outside", "a link to nowhere"]);
    if (kind === "a folder") await mkdir(path);
    if (kind === "a link to outside") await symlink("/etc/hostname", path);
    if (kind === "a link to nowhere") await symlink("nowhere", path);
    return `${name} is ${kind}`;
  }
  const texts = await Promise.all(files.map((other) => readFile(join(project, other), "latin1").catch(() => "")));
  const [kind, mutate] = pick(chance, Object.entries(mutations));
  // As bytes, so that some are not valid UTF-8.
  await writeFile(
    path,
    mutate(await readFile(path, "latin1").catch(() => ""), chance, texts),
    chance() < 0.5 ? "latin1" : "utf8",
  ).catch(() => undefined);
  return `${kind} in ${name}`;
}

/** What is wrong with a plan, compared with the project's files. */
async function judgePlan(plan: Plan, project: string): Promise<string | undefined> {
  if (plan.jobs.length === 0) return "a plan without jobs";
  const series = await readFile(join(project, demo, "series"), "utf8");
  const names = series.split("\n").flatMap((line) => line.replace(/(^|\s)#.*$/, "").trim() || []);
  const present = (await readdir(join(project, demo))).filter((file) => file.endsWith(".patch")).toSorted();
  if (names.toSorted().join() !== present.join()) return `series ${names.join()} and files ${present.join()} differ`;
  const expected = await Promise.all(
    names.map(async (name) => ({
      name,
      sha256: createHash("sha256")
        .update(await readFile(join(project, demo, name)))
        .digest("hex"),
    })),
  );
  for (const job of plan.jobs) {
    if (JSON.stringify(job.source.patches) !== JSON.stringify(expected)) return "a plan with other patches than the series has";
    if (!/^[0-9a-f]{64}$/.test(job.key) || !/^\+kovn\d+\.[0-9a-f]{8}(\.[a-z][\w.]*)?$/.test(job.versionSuffix))
      return "a plan without key or version";
    if (job.base.kind !== "git" || !/^[0-9a-f]{40}$/.test(job.base.commit)) return "a plan with another base";
    if (job.steps.length === 0 || job.artifacts.some((path) => path.startsWith("/") || path.includes("..")))
      return "a plan with bad steps or artifacts";
    if (job.needs.some((need) => !plan.jobs.slice(0, plan.jobs.indexOf(job)).some((other) => other.id === need)))
      return "a plan in a wrong order";
  }
  return undefined;
}

/** `npm run test:fuzz -- --count 500 --seed 1 --parallel 2` */
if (process.argv[1]?.endsWith("fuzz.ts") === true) {
  const chosen = readCampaign(500);
  const trees = { ...chosen, count: Math.ceil(chosen.count / commitsPerTree) };
  for (const run of [() => fuzz(chosen), () => fuzzExports(trees)]) {
    const { totals, failures } = await run();
    for (const failure of failures) process.stdout.write(`${failure}\n`);
    const counted = Object.entries(totals).map(([outcome, number]) => `${number} ${outcome}`);
    process.stdout.write(`seed ${chosen.seed}: ${counted.join(", ")}, ${failures.length} failed\n`);
    if (failures.length > 0) process.exitCode = 1;
  }
}
