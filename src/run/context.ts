import type { Project } from "../config/project.ts";
import type { Manifest } from "../dist/manifest.ts";
import type { Machine } from "../machine/this-machine.ts";
import type { Host } from "../sys/exec.ts";
import type { Emit } from "./events.ts";

/** Where the files of a plan are read. */
export interface ReadContext {
  readonly project: Project;
  readonly machine: Machine;
  readonly host: Host;
}

/** Where a plan runs, and who hears of it. */
export interface RunContext extends ReadContext {
  /** Who builds, for `artifacts.json`. */
  readonly builder: Manifest["builder"];
  readonly emit: Emit;
}
