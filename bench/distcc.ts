// What do helpers that compile bring (`--distcc`)? A machine is one core of this one: the first builds Open vSwitch, two distccd on the second
// help. `npx tsx bench/distcc.ts --from ovs=../ovs`, as root on a quiet machine with distcc and util-linux; about eight minutes.
import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../src/sys/ports.ts";
import { checkMachine, cli, fromHere, inFolder, printMachine, report, run } from "./measure.ts";

const options = fromHere(process.argv.slice(2));
printMachine();
await checkMachine(["linux"], ["distccd", "taskset"]);
await inFolder(async (folder) => {
  const ports = [await freePort(), await freePort()];
  const helpers = ports.map((port) => {
    const where = ["--listen", "127.0.0.1", "--port", `${port}`, "--allow", "127.0.0.1", "--jobs", "1"];
    return spawn("taskset", ["--cpu-list", "1", "distccd", "--daemon", "--no-detach", ...where], { stdio: "ignore" });
  });
  await sleep(1000);
  const hosts = ["localhost/1", ...ports.map((port) => `127.0.0.1:${port}/1`)].join(" ");
  const build = async (...more: readonly string[]) => {
    await rm(join(folder, ".kovn/cache"), { recursive: true, force: true });
    const started = performance.now();
    const words = [cli, "--target", "linux", "--only", "ovs", ...options, ...more];
    await run("taskset", ["--cpu-list", "0", process.execPath, ...words], folder);
    const seconds = (performance.now() - started) / 1000;
    return { seconds, sums: await readFile(join(folder, "dist/linux/SHA256SUMS"), "utf8") };
  };
  try {
    // Fetches upstream as well, so it does not count.
    await run(process.execPath, [cli, "patches", "apply", "ovs", join(folder, "tree"), ...options], folder);
    const alone = await build("--distcc", "localhost/1");
    report("one core alone", alone.seconds, "s");
    const helped = await build("--distcc", hosts);
    report("with two distccd on another core", helped.seconds, "s");
    report("helped / alone", helped.seconds / alone.seconds, "times", 0.9);
    const packages = ({ sums }: typeof alone) => sums.split("\n").filter((line) => line.endsWith(".deb"));
    const differing = packages(helped).filter((line) => !packages(alone).includes(line));
    report("packages that differ", differing.length, "", 0);
  } finally {
    for (const helper of helpers) helper.kill();
  }
});
