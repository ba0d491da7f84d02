// How fast are the programs in packages? Sets of packages side by side, on what a cluster gives them to do:
//   npm run bench:programs -- debian=../debs/debian default=dist/linux fast=dist/linux-fast [--rounds 9] [--only northd] [--json FILE]
// The first set is what the others are compared with. Each set does its work in turn, in an order of chance, on a core of its own;
// what counts is the time that the measured program computes.
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { geometricMean, shuffle } from "simple-statistics";
import { findPrograms, type Programs } from "../src/prove/programs.ts";
import { withSandbox } from "../src/prove/sandbox.ts";
import { quietTask } from "../src/sys/task.ts";
import { inFolder, printMachine } from "./measure.ts";
import { pinned } from "./programs/cpu.ts";
import { estimate, type Estimate } from "./programs/statistics.ts";
import type { Workload } from "./programs/workload.ts";
import { workloads } from "./programs/workloads.ts";

interface PackageSet {
  readonly name: string;
  readonly programs: Programs;
}

/** What a set took, and how many times as fast the first set is as this one. */
interface Result {
  readonly workload: string;
  readonly set: string;
  readonly seconds: Estimate;
  readonly times: Estimate;
}

const { values, positionals } = parseArgs({
  options: { rounds: { type: "string", default: "9" }, only: { type: "string", default: "" }, json: { type: "string" } },
  allowPositionals: true,
});
const rounds = Number(values.rounds);
const cores = availableParallelism();
const host = { env: { PATH: process.env["PATH"] ?? "" }, signal: new AbortController().signal, task: quietTask };
const named = workloads.filter(({ name }) => name.includes(values.only));

await inFolder(async (folder) => {
  const sets = await Promise.all(positionals.map(async (word) => findSet(word, folder)));
  const [first] = sets;
  const chosen = named.filter((workload) => isForAll(workload, sets));
  if (first === undefined || chosen.length === 0) throw new Error("Name sets of packages: NAME=FOLDER NAME=FOLDER …");
  printMachine();
  console.log(`${rounds} rounds; seconds, and how many times as fast as ${first.name} (with 95 % confidence)\n`);
  const results: Result[] = [];
  for (const workload of chosen) results.push(...(await measure(workload, sets)));
  console.log(`\n${makeTable(chosen, results, sets)}`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, undefined, 2)}\n`);
});

async function findSet(word: string, folder: string): Promise<PackageSet> {
  const [name = "", dir = ""] = word.split(/=(.*)/s);
  const names = { programs: named.flatMap((one) => one.programs), files: named.flatMap((one) => one.files) };
  const programs = await findPrograms(dir, names, join(folder, name), host);
  const missing = [...new Set([...names.programs, ...names.files])].filter((one) => programs.paths[one] === undefined);
  if (missing.length > 0) throw new Error(`${dir} lacks ${missing.join(", ")}.`);
  return { name, programs };
}

/** Says so if not. */
function isForAll({ name, measured, canDo = () => true }: Workload, sets: readonly PackageSet[]): boolean {
  const without = sets.filter(({ programs }) => !canDo(programs)).map((set) => set.name);
  if (without.length > 0) console.log(`Left out: ${name}; there is no ${measured} in ${without.join(", ")}.`);
  return without.length === 0;
}

/** Measures one workload: the sets do it in turn, each in a sandbox that lasts for all rounds. */
async function measure(workload: Workload, sets: readonly PackageSet[]): Promise<readonly Result[]> {
  const seconds = new Map<PackageSet, number[]>(sets.map((set) => [set, []]));
  await withAll(workload, sets, [], async (ready) => {
    // The first time warms the caches, and does not count.
    for (let round = 0; round <= rounds; round++)
      for (const { set, once } of shuffle([...ready])) {
        const one = await once();
        if (round > 0) seconds.get(set)?.push(one);
      }
  });
  const [first = []] = seconds.values();
  return sets.map((set) => {
    const own = seconds.get(set) ?? [];
    const result = { workload: workload.name, set: set.name, seconds: estimate(own), times: estimate(own.map(faster)) };
    print(result);
    return result;
  });

  function faster(value: number, round: number): number {
    return (first[round] ?? Number.NaN) / value;
  }
}

interface Ready {
  readonly set: PackageSet;
  readonly once: () => Promise<number>;
}

/** Prepares the workload for all sets, one inside the other, and ends them all afterwards. */
async function withAll(
  workload: Workload,
  [set, ...rest]: readonly PackageSet[],
  ready: readonly Ready[],
  use: (ready: readonly Ready[]) => Promise<void>,
): Promise<void> {
  if (set === undefined) return use(ready);
  await withSandbox(set.programs, pinned([workload.measured], cores), host, async (sandbox) => {
    const once = await workload.prepare({ sandbox, programs: set.programs, cores });
    await withAll(workload, rest, [...ready, { set, once }], use);
  });
}

function print({ workload, set, seconds, times }: Result): void {
  console.log(`${workload.padEnd(48)} ${set.padEnd(12)} ${inSeconds(seconds).padStart(16)}  ${inTimes(times)}`);
}

function inSeconds({ middle, low, high }: Estimate): string {
  return `${middle.toFixed(3)} s ±${((100 * (high - low)) / 2 / middle).toFixed(0)} %`;
}

function inTimes({ middle, low, high }: Estimate): string {
  return `${middle.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

/** A table in Markdown: seconds of the first set, and how many times as fast the others are. */
function makeTable(chosen: readonly Workload[], results: readonly Result[], [first, ...others]: readonly PackageSet[]): string {
  const cell = (workload: string, set: PackageSet | undefined, show: (result: Result) => string) =>
    results.filter((one) => one.workload === workload && one.set === set?.name).map(show);
  const rows = chosen.map(({ name }) => [
    name,
    ...cell(name, first, ({ seconds }) => inSeconds(seconds)),
    ...others.flatMap((set) => cell(name, set, ({ times }) => inTimes(times))),
  ]);
  const means = others.map(({ name }) =>
    geometricMean(results.filter(({ set }) => set === name).map(({ times }) => times.middle)).toFixed(2),
  );
  const head = ["work", `seconds of \`${first?.name}\``, ...others.map(({ name }) => `times as fast: \`${name}\``)];
  const all = [head, head.map(() => "---"), ...rows, ["geometric mean", "", ...means]];
  return all.map((row) => `| ${row.join(" | ")} |`).join("\n");
}
