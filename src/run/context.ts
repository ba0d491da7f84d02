import type { Project } from "../config/project.ts";
import type { Manifest } from "../dist/manifest.ts";
import type { Machine } from "../machine/this-machine.ts";
import type { Host } from "../sys/exec.ts";
import type { Progress } from "./events.ts";

/** Where the files of a plan are read. */
export interface ReadContext {
  readonly project: Project;
  readonly machine: Machine;
  readonly host: Host;
}

/** Where a command works, and who hears of it. */
export interface WorkContext extends ReadContext, Progress {
  /** Who builds, for `artifacts.json`. */
  readonly builder: Manifest["builder"];
}

/** Where a plan runs. */
export interface RunContext extends WorkContext {
  /** The folder of the run; each job gets a folder in it. */
  readonly run: string;
}
