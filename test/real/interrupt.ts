// Stops a real build of Open vSwitch at random moments, ten times each with SIGINT, SIGTERM and
// SIGKILL, and then builds to the end. Needs root on Debian 12 and half an hour: `npm run
// test:interrupt`. Finds processes by their folders, not by the mark that kovn-build uses.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { contentOf } from "../helpers/content.ts";
import { ovsArgs } from "./from-debian.ts";

const rounds = 10;
/** A build is stopped after a random time between these, in seconds. */
const moments = { first: 1, last: 60 };
const codes = { SIGINT: 130, SIGTERM: 143, SIGKILL: undefined } as const;
/** Seconds after which no process may be left. */
const timeoutMs = 5;

const folder = await mkdtemp(join(tmpdir(), "kovn-interrupt-"));
const failures: string[] = [];

function startBuild() {
  const args = [resolve("build/cli.js"), ...ovsArgs];
  return spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
}

/** Other processes that run in the folder, or name it in their command line or environment. */
function left(): readonly string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
      const all = [readlinkSync(`/proc/${pid}/cwd`), command, readFileSync(`/proc/${pid}/environ`, "latin1")];
      return all.some((text) => text.includes(folder)) ? [`${pid} ${command.replaceAll("\0", " ").slice(0, 100)}`] : [];
    } catch {
      // The process ended meanwhile.
      return [];
    }
  });
}

/** Stops one build after some seconds, and returns the seconds until its last process was gone. */
async function kill(signal: keyof typeof codes, after: number): Promise<number> {
  const fail = (what: string) => failures.push(`${signal} after ${after.toFixed(1)} s: ${what}`);
  const before = await contentOf(join(folder, "dist"));
  const child = startBuild();
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, "exit") as Promise<[number | null]>;
  await sleep(after * 1000);
  if (child.exitCode !== null) fail(`the build had ended already: ${said}`);
  const running = left().length;
  const killed = performance.now();
  child.kill(signal);
  const [code] = await ended;
  while (left().length > 0 && performance.now() - killed < 30_000) await sleep(50);
  const seconds = (performance.now() - killed) / 1000;
  if (seconds > timeoutMs) fail(`${seconds.toFixed(1)} s until the last process was gone: ${left().join("; ")}`);
  const wanted = codes[signal];
  if (wanted !== undefined && code !== wanted) fail(`exit code ${code}`);
  if (wanted !== undefined && !said.includes(`-> kovn-build ${ovsArgs.join(" ")}`)) fail(`it said: ${said}`);
  if (JSON.stringify(await contentOf(join(folder, "dist"))) !== JSON.stringify(before)) fail("dist changed");
  console.log(
    `${signal.padEnd(7)} after ${after.toFixed(1).padStart(4)} s: ${running} processes, all gone after ${seconds.toFixed(2)} s, exit code ${code}`,
  );
  return seconds;
}

try {
  await mkdir(join(folder, "dist/linux"), { recursive: true });
  await writeFile(join(folder, "dist/linux/artifacts.json"), "a result of before\n");
  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++)
      times.push(await kill(signal, moments.first + Math.random() * (moments.last - moments.first)));
    console.log(`${signal}: ${rounds} builds killed; the slowest was gone after ${Math.max(...times).toFixed(2)} s`);
  }
  const child = startBuild();
  child.stderr.pipe(process.stderr);
  const [code] = (await once(child, "exit")) as [number | null];
  const built = Object.keys(await contentOf(join(folder, "dist"))).filter((file) => file.endsWith(".deb"));
  if (code !== 0 || built.length === 0)
    failures.push(`the build afterwards ended with exit code ${code} and ${built.length} packages`);
  else console.log(`the build afterwards succeeded: ${built.length} packages`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
for (const failure of failures) console.log(`FAILED: ${failure}`);
console.log(failures.length === 0 ? "all as wanted" : `${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
