import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { median } from "simple-statistics";

/** The compiled program. */
export const cli = resolve("build/cli.js");

/** Options for a build in another folder: the paths of `--from SOURCE=PATH` are those of this one. */
export function fromHere(words: readonly string[]): readonly string[] {
  return words.map((word) => word.replace(/^(\w+=)([^:]+)$/, (_, source: string, path: string) => `${source}${resolve(path)}`));
}

/** Calls each thing in turn, `rounds` times after one that does not count, and returns the median seconds of each. */
export async function medianSeconds<Name extends string>(
  rounds: number,
  things: Readonly<Record<Name, () => Promise<unknown>>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(things) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++)
    for (const name of names) {
      const started = performance.now();
      await things[name]();
      if (round > 0) times[name].push((performance.now() - started) / 1000);
    }
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<Name, number>;
}

/** Runs a program; throws with what it said when it fails. */
export async function run(program: string, args: readonly string[], cwd = "."): Promise<string> {
  return new Promise((done, fail) =>
    execFile(program, [...args], { cwd, maxBuffer: 2 ** 28 }, (error, stdout, stderr) =>
      error === null ? done(stdout) : fail(new Error(`${program} ${args.join(" ")}: ${stderr}`, { cause: error })),
    ),
  );
}

/** Throws unless this machine has these programs and what builds for these targets need; `kovn-build doctor` prints what is missing. */
export async function checkMachine(targets: readonly string[], programs: readonly string[] = []): Promise<void> {
  for (const target of targets) {
    const [code] = await once(spawn(process.execPath, [cli, "doctor", "--target", target], { stdio: "inherit" }), "exit");
    if (code !== 0) throw new Error(`Nothing was measured: this machine cannot build for ${target}.`);
  }
  for (const program of programs)
    await run("which", [program]).catch((cause: unknown) => {
      throw new Error(`Nothing was measured: install ${program} first.`, { cause });
    });
}

/** Runs a program and returns its own peak of resident memory, in bytes (VmHWM, proc_pid_status(5)), and its seconds. */
export async function peakMemory(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<{ peak: number; seconds: number }> {
  const started = performance.now();
  const child = spawn(program, args, { cwd, stdio: ["ignore", "ignore", "inherit"] });
  let peak = 0;
  const timer = setInterval(() => {
    void readFile(`/proc/${child.pid}/status`, "utf8").then(
      (status) => (peak = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024 || peak),
      () => undefined,
    );
  }, 20);
  const code = await new Promise((done) => child.once("exit", done));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}`);
  return { peak, seconds: (performance.now() - started) / 1000 };
}

/** A new folder for the work, removed when it is done. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "kovn-bench-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Prints a value with the limit that it has to keep, if there is one; a value over it makes the script fail. */
export function report(what: string, value: number, unit: string, limit?: number): void {
  const over = limit !== undefined && value > limit;
  console.log(
    `${what.padEnd(52)} ${value.toFixed(2).padStart(8)} ${unit}${limit === undefined ? "" : `  (at most ${limit}${over ? ": OVER" : ""})`}`,
  );
  if (over) process.exitCode = 1;
}

/** Prints what the numbers depend on. */
export function printMachine(): void {
  const [cpu] = cpus();
  const load = loadavg()[0]?.toFixed(1);
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpu?.model}, ${availableParallelism()} cores, ${Math.round(totalmem() / 1e9)} GB, Node ${process.versions.node}, load ${load}`,
  );
}
