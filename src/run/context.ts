import type { Project } from "../config/project.ts";
import type { Manifest } from "../dist/manifest.ts";
import type { Machine } from "../machine/this-machine.ts";
import type { Host } from "../sys/exec.ts";
import type { Elsewhere } from "../steps/elsewhere.ts";
import type { StepProgram } from "../steps/step.ts";
import type { Progress } from "./events.ts";

/** A job that failed, and the last program that it started. */
export interface FailedJob {
  readonly job: string;
  /** The job's folder. */
  readonly dir: string;
  readonly last: StepProgram;
}

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
  /** What programs find otherwise than in a usual build. */
  readonly elsewhere?: Elsewhere;
  /** Called for a job that failed after it started a program. */
  readonly onFailure?: (failed: FailedJob) => void;
}

/** Where a plan runs. */
export interface RunContext extends WorkContext {
  /** The folder of the run; each job gets a folder in it (`jobFolder`). */
  readonly run: string;
}
