// Runs the work of bench/programs.ts with programs that are compiled with -fprofile-generate, and ends the servers by `exit`: ended by a
// signal, they write no profile (docs/performance.md says what profiles bring).
//   npm run bench:train -- FOLDER
import { readdir, readlink } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findPrograms } from "../src/prove/programs.ts";
import { withSandbox, type Sandbox } from "../src/prove/sandbox.ts";
import { quietTask } from "../src/sys/task.ts";
import { inFolder } from "./measure.ts";
import { pinned } from "./programs/cpu.ts";
import { workloads } from "./programs/workloads.ts";

const cores = availableParallelism();
const host = { env: { PATH: process.env["PATH"] ?? "" }, signal: new AbortController().signal, task: quietTask };
const [dir] = process.argv.slice(2);
if (dir === undefined) throw new Error("Name a build tree or a folder of packages.");

await inFolder(async (folder) => {
  const names = { programs: workloads.flatMap((one) => one.programs), files: workloads.flatMap((one) => one.files) };
  const programs = await findPrograms(dir, names, join(folder, "programs"), host);
  for (const { name, measured, prepare, canDo = () => true } of workloads) {
    if (!canDo(programs)) continue;
    const seconds = await withSandbox(programs, pinned([measured], cores), host, async (sandbox) => {
      const once = await prepare({ sandbox, programs, cores });
      await once();
      const second = await once();
      await endServers(sandbox);
      return second;
    });
    console.log(`${name.padEnd(48)} ${seconds.toFixed(3)} s`);
  }
});

/** Ends the servers by their control sockets, databases last, and waits until they have ended. */
async function endServers(sandbox: Sandbox): Promise<void> {
  const isClient = (name: string) => /^(ovn-controller|northd|vswitchd)\./.test(name);
  const sockets = (await readdir(sandbox.dir)).filter((name) => name.endsWith(".ctl"));
  for (const name of [...sockets.filter(isClient), ...sockets.filter((one) => !isClient(one))])
    await sandbox.run("ovs-appctl", ["-t", join(sandbox.dir, name), "exit"]);
  while (await hasProcesses(sandbox.dir)) await sleep(50);
}

/** Whether a process works in a folder. */
async function hasProcesses(folder: string): Promise<boolean> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  // Processes end while they are looked at.
  const works = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
  return works.includes(folder);
}
