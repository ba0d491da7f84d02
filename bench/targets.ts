// How long does a cold build for Windows take, beside the one for Linux? `npx tsx bench/targets.ts --from ovs=../ovs --from ovn=../ovn`, on a
// quiet machine that has what both need (`kovn-build doctor`); `--line 1.12 --only ovs --from apt` where OVN's source is out of reach.
import { checkMachine, cli, fromHere, inFolder, printMachine, report, run } from "./measure.ts";

const options = fromHere(process.argv.slice(2));
printMachine();
await checkMachine(["linux", "windows"]);
console.log(`kovn-build --no-cache ${options.join(" ")}`);
const seconds: Record<string, number> = {};
for (const target of ["linux", "windows"])
  await inFolder(async (folder) => {
    const started = performance.now();
    await run(process.execPath, [cli, "--target", target, "--no-cache", ...options], folder);
    seconds[target] = (performance.now() - started) / 1000;
    report(`--target ${target}`, seconds[target], "s");
  });
report("windows / linux", (seconds["windows"] ?? 0) / (seconds["linux"] ?? 1), "x", 1.4);
