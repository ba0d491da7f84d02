import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { inject } from "vitest";
import { ovsArgs } from "./from-debian.ts";
import { kovnBuild, makeOnce, withPackages } from "./machine.ts";

/**
 * The folder of a real build of Open vSwitch, with `dist/` and the events (`events.json`). It is
 * made once for all test files of a run.
 */
export async function ovsBuild(): Promise<string> {
  const kept = join(inject("kept"), "ovs");
  await makeOnce(kept, async () => {
    const dir = await mkdtemp(join(dirname(kept), "build-"));
    await withPackages(() => kovnBuild(dir, ["doctor", "--target", "linux", "--only", "ovs", "--line", "1.12", "--fix"]));
    const events = await kovnBuild(dir, ["build", ...ovsArgs, "--install-deps", "--json"]);
    await writeFile(join(dir, "events.json"), events);
    await rm(join(dir, ".kovn/runs"), { recursive: true });
    await rename(dir, kept);
  });
  return kept;
}
