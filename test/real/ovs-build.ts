import { existsSync } from "node:fs";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { inject } from "vitest";
import { kovnBuild } from "./machine.ts";

/** The options of the build that the tests share: Open vSwitch from Debian's package, which needs no network but a mirror of Debian. */
export const ovsArgs = ["--target", "linux", "--only", "ovs", "--from", "apt"];

/** The folder of a real build of Open vSwitch, made once for all test files of a run; `dist/` and its events (`events.json`) lie in it. */
export async function ovsBuild(): Promise<string> {
  const kept = join(inject("kept"), "ovs");
  if (existsSync(kept)) return kept;
  const dir = await mkdtemp(join(dirname(kept), "build-"));
  const events = await kovnBuild(dir, ["build", ...ovsArgs, "--install-deps", "--json"]);
  await writeFile(join(dir, "events.json"), events);
  await rm(join(dir, ".kovn/runs"), { recursive: true });
  await rename(dir, kept);
  return kept;
}
