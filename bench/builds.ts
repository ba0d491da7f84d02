// What do builds of Open vSwitch and OVN cost, against the sequence of commands that Kube-OVN uses? As root, with the packages of
// `kovn-build doctor --target linux --fix`, fakeroot and redis-server, on a quiet machine; the whole takes about half an hour a round.
//   npm run bench:builds -- --from ovs=../ovs --from ovn=../ovn [--rounds 3] [--line 1.17] [--work DIR] [--row again --row ovn …] [--incumbent SECONDS]
import { spawn } from "node:child_process";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { median } from "simple-statistics";
import type { RunEvent } from "../src/index.ts";
import { freePort } from "../src/sys/ports.ts";
import { checkMachine, cli, fromHere, printMachine, report, run } from "./measure.ts";

const { values } = parseArgs({
  options: {
    from: { type: "string", multiple: true, default: [] },
    // Its figures are in docs/performance.md.
    line: { type: "string", default: "1.12" },
    rounds: { type: "string", default: "3" },
    row: { type: "string", multiple: true, default: [] },
    work: { type: "string", default: join(tmpdir(), "kovn-bench-builds") },
    incumbent: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const work = resolve(values.work);
const project = join(work, "project");
const patches = join(project, "patches", values.line);
const from = fromHere(values.from.flatMap((where) => ["--from", where]));
const build = ["build", "--target", "linux", "--line", values.line, "--unlocked", "--json", ...from];

interface Built {
  readonly seconds: number;
  readonly events: readonly RunEvent[];
}

async function kovnBuild(cwd = project, ...more: readonly string[]): Promise<Built> {
  const started = performance.now();
  const output = await run(process.execPath, [cli, ...build, ...more], cwd);
  const events = output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as RunEvent);
  return { seconds: (performance.now() - started) / 1000, events };
}

/** `ovs 83 s, ovn 41 s`: what each job took; a kept one is named so. */
function describeJobs({ events }: Built): string {
  const jobs = events.flatMap((event) => {
    if (event.event === "job-cached") return [`${event.job} kept`];
    if (event.event !== "job-end") return [];
    const stats = event.compilerCache;
    const hits = stats === undefined ? "" : `, ccache ${stats.hits} of ${stats.hits + stats.misses}, ${stats.remoteHits} remote`;
    return [`${event.job} ${Math.round(event.duration / 1000)} s${hits}`];
  });
  return jobs.join("; ");
}

/** Leaves only the mirrors, so that no upstream is fetched again. */
async function forget(cwd = project): Promise<void> {
  for (const name of ["cache", "runs", "durations"]) await rm(join(cwd, ".kovn", name), { recursive: true, force: true });
}

/** Puts a patch at the end of a source's series that adds a comment to a file; another comment at every call. */
async function edit(source: "ovs" | "ovn", file: string): Promise<void> {
  const tree = join(work, `tree-${source}`);
  const git = (...args: readonly string[]) =>
    run("git", ["-c", "user.name=Bench", "-c", "user.email=bench@localhost", ...args], tree);
  await writeFile(join(tree, file), `${await readFile(join(tree, file), "utf8")}/* Edited ${new Date().toISOString()}. */\n`);
  const fields = "Origin: vendor\nForwarded: no\nSeed: none\nLast-Update: 2026-11-23";
  await git("commit", "--quiet", "--all", "--message", `Edit ${file}\n\nFor a measurement.\n\n${fields}`);
  const patch = await git("format-patch", "-1", "--stdout", "--zero-commit", "--no-signature", "--full-index");
  await git("reset", "--quiet", "--hard", "HEAD~1");
  await writeFile(join(patches, source, "bench-edit.patch"), patch);
  const series = await readFile(join(patches, source, "series"), "utf8");
  if (!series.includes("bench-edit.patch"))
    await writeFile(join(patches, source, "series"), `${series.trimEnd()}\nbench-edit.patch\n`);
}

/** Median seconds of several rounds, each described. */
async function measure(what: string, round: () => Promise<Built>): Promise<number> {
  const seconds: number[] = [];
  for (let index = 0; index < rounds; index++) {
    const built = await round();
    seconds.push(built.seconds);
    console.log(`  ${what}, round ${index + 1}: ${built.seconds.toFixed(2)} s (${describeJobs(built)})`);
  }
  return median(seconds);
}

async function incumbent(): Promise<number> {
  const seconds: number[] = [];
  for (let index = 0; index < rounds; index++) {
    const folder = join(work, "incumbent");
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const source of ["ovs", "ovn"])
      await cp(join(work, `tree-${source}`), join(folder, source), { recursive: true, verbatimSymlinks: true });
    const started = performance.now();
    const output = await run("sh", [resolve("bench/incumbent.sh"), join(folder, "ovs"), join(folder, "ovn")]);
    seconds.push((performance.now() - started) / 1000);
    const phases = [...output.matchAll(/^phase: (.+)$/gm)].map(([, phase]) => phase).join("; ");
    console.log(`  the incumbent's sequence, round ${index + 1}: ${seconds.at(-1)?.toFixed(2)} s (${phases})`);
    await rm(folder, { recursive: true, force: true });
  }
  return median(seconds);
}

/** Builds for some seconds, and is killed then. */
async function killAfter(seconds: number): Promise<void> {
  const child = spawn(process.execPath, [cli, ...build], { cwd: project, stdio: "ignore" });
  await sleep(seconds * 1000);
  child.kill("SIGKILL");
  // The guard ends what is left running.
  await sleep(3000);
}

const rows: Readonly<Record<string, (base: number) => Promise<void>>> = {
  async cold(base) {
    const seconds = await measure("cold", async () => {
      await forget();
      return kovnBuild();
    });
    report("cold, OVS and OVN", seconds, "s");
    report("cold / incumbent", seconds / base, "times", 0.48);
  },
  async again() {
    await kovnBuild();
    report("nothing changed", await measure("nothing changed", () => kovnBuild()), "s", 1);
  },
  async ovn(base) {
    await kovnBuild();
    const seconds = await measure("northd/northd.c edited", async () => {
      await edit("ovn", "northd/northd.c");
      return kovnBuild();
    });
    report("one patch of OVN edited", seconds, "s");
    report("one patch of OVN edited / incumbent", seconds / base, "times", 0.07);
  },
  async ovs(base) {
    await kovnBuild();
    const seconds = await measure("ovsdb/raft.c edited", async () => {
      await edit("ovs", "ovsdb/raft.c");
      return kovnBuild();
    });
    report("one patch of OVS edited", seconds, "s");
    report("one patch of OVS edited / incumbent", seconds / base, "times", 0.15);
  },
  async flags() {
    const pipeline = join(project, "pipelines/linux-deb.yaml");
    const text = await readFile(pipeline, "utf8");
    await kovnBuild();
    const seconds = await measure("flags changed back", async () => {
      await writeFile(pipeline, text.replace("amd64: -O2", "amd64: -O3"));
      await kovnBuild();
      await writeFile(pipeline, text);
      return kovnBuild();
    });
    report("flags changed, and changed back", seconds, "s", 1);
  },
  async killed() {
    await forget();
    const whole = await kovnBuild();
    const rest = await measure("after kill -9 at 80 % of a cold build", async () => {
      await forget();
      await killAfter(whole.seconds * 0.8);
      return kovnBuild();
    });
    report("goes on after kill -9 at 80 %", rest, "s", whole.seconds * 0.6);
  },
  async remote() {
    const port = await freePort();
    const server = spawn("redis-server", ["--bind", "127.0.0.1", "--port", `${port}`, "--save", ""], { stdio: "ignore" });
    await sleep(1000);
    const remote = ["--remote-cache", `redis://127.0.0.1:${port}`];
    await forget();
    await kovnBuild(project, ...remote);
    const second = join(work, "second");
    await rm(second, { recursive: true, force: true });
    await cp(project, second, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.startsWith(join(project, ".kovn/")) || path.startsWith(join(project, ".kovn/mirrors")),
    });
    const built = await kovnBuild(second, ...remote);
    server.kill();
    console.log(`  a second machine: ${built.seconds.toFixed(2)} s (${describeJobs(built)})`);
    const stats = built.events.flatMap((event) => (event.event === "job-end" ? (event.compilerCache ?? []) : []));
    const misses = stats.reduce((sum, { misses: count }) => sum + count, 0);
    const all = stats.reduce((sum, { hits, misses: count }) => sum + hits + count, 0);
    report("a second machine: compilations not in the remote cache", (100 * misses) / all, "%", 5);
  },
};

const chosen = Object.keys(rows).filter((name) => values.row.length === 0 || values.row.includes(name));
printMachine();
await checkMachine(
  ["linux"],
  [...(values.incumbent === undefined ? ["fakeroot"] : []), ...(chosen.includes("remote") ? ["redis-server"] : [])],
);
await mkdir(work, { recursive: true });
for (const name of ["patches", "pipelines"]) {
  await rm(join(project, name), { recursive: true, force: true });
  await cp(name, join(project, name), { recursive: true });
}
for (const source of ["ovs", "ovn"]) {
  const tree = join(work, `tree-${source}`);
  await rm(tree, { recursive: true, force: true });
  await run(process.execPath, [cli, "patches", "apply", source, tree, "--line", values.line, ...from], project);
}
const base = values.incumbent === undefined ? await incumbent() : Number(values.incumbent);
report("the incumbent's sequence, cold", base, "s");
for (const name of chosen) await rows[name]?.(base);
