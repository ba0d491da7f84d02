import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathOf, type Programs } from "../../src/prove/programs.ts";
import { programSeconds } from "./cpu.ts";
import type { Workload } from "./workload.ts";

/** Upstream's own benchmarks of data structures. */
const benchmarks: Readonly<Record<string, readonly string[]>> = {
  "hash maps, 1,000,000 elements": ["test-cmap", "benchmark", "1000000", "1", "2", "32"],
  "classifier, 5,000 rules": ["test-classifier", "benchmark", "5000", "10", "10", "1", "5000000"],
};

export const ovstestWorkloads: readonly Workload[] = Object.entries(benchmarks).map(([what, words]) => ({
  name: `ovstest: ${what}`,
  measured: "ovstest",
  programs: ["ovs-vswitchd"],
  files: [],
  canDo: (programs) => existsSync(ovstestOf(programs)),
  prepare:
    async ({ sandbox, programs, cores }) =>
    async () =>
      programSeconds(sandbox, ovstestOf(programs), words, cores),
}));

/** A build tree has it in `tests/`, beside `vswitchd/`, and libtool's in `.libs` there. OVN's own, of the same name, is another. */
function ovstestOf(programs: Programs): string {
  const folder = join(dirname(pathOf(programs, "ovs-vswitchd").replace("/.libs/", "/")), "../tests");
  const real = join(folder, ".libs/ovstest");
  return existsSync(real) ? real : join(folder, "ovstest");
}
