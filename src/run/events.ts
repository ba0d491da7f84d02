import type { Artifact, CompilerStats } from "../dist/manifest.ts";
import type { Base } from "../plan/base.ts";
import type { ErrorCode, FilePlace } from "../errors.ts";
import type { Plan } from "../plan/plan.ts";
import type { Host } from "../sys/exec.ts";
import type { TaskEvent } from "../sys/task.ts";
import type { LogError } from "./first-errors.ts";

/**
 * What a run reports, in order: a closed union, so that each reporter handles all of it. Times are
 * milliseconds.
 */
export type RunEvent =
  | TaskEvent
  /** `run` is the name of the run's folder in `.kovn/runs`. */
  | { readonly event: "run"; readonly schema: 1; readonly run: string; readonly version: string }
  | ({ readonly event: "plan" } & Plan)
  /**
   * The jobs that are built; the others are cached. `keepGoing` is false when no other job starts
   * after a failure.
   */
  | {
      readonly event: "jobs";
      readonly jobs: readonly ExpectedJob[];
      readonly parallel: number;
      readonly keepGoing: boolean;
    }
  | { readonly event: "base"; readonly source: string; readonly base: Base; readonly commit: string }
  /** `expected` is how long the job took last time, if known. */
  | {
      readonly event: "job-start";
      readonly job: string;
      readonly log: string;
      readonly expected?: number;
      /**
       * What differs from the most similar cached result, such as `flags: -O2 → -O3`; empty when
       * there is none.
       */
      readonly changes: readonly string[];
    }
  /** A job with a cached result, so it need not run. `duration` is how long it took then. */
  | { readonly event: "job-cached"; readonly job: string; readonly finished: string; readonly duration: number }
  /** A job that cannot run because one that it needs failed. */
  | { readonly event: "job-skipped"; readonly job: string; readonly needs: readonly string[] }
  | {
      readonly event: "step-start";
      readonly job: string;
      readonly step: string;
      readonly position: number;
      readonly count: number;
    }
  /** `warning` is true for a compiler's warning. */
  | { readonly event: "output"; readonly job: string; readonly line: string; readonly warning: boolean }
  | {
      readonly event: "job-end";
      readonly job: string;
      readonly outcome: "built" | "failed" | "stopped";
      readonly duration: number;
      /** How many compiler warnings there were. */
      readonly warnings: number;
      readonly log: string;
      /** The errors in the log that are the likely causes, if the job failed. */
      readonly errors: readonly LogError[];
      /** The last lines of the log, if the job failed. */
      readonly tail: readonly string[];
      /** What ccache did; absent when nothing was compiled through it. */
      readonly compilerCache?: CompilerStats;
    }
  | { readonly event: "done"; readonly folder: string; readonly duration: number; readonly artifacts: readonly Artifact[] }
  /** The run ended without a result. `code` is `bug` for what is not a `BuildError`; `docs` is its page. */
  | {
      readonly event: "failed";
      readonly code: ErrorCode | "bug";
      readonly docs: string;
      readonly message: string;
      readonly hint?: string;
      readonly at: readonly FilePlace[];
      readonly duration: number;
    };

/** A job to build. `expected` is how many milliseconds it took last time, if known. */
export interface ExpectedJob {
  readonly id: string;
  readonly needs: readonly string[];
  readonly expected?: number;
}

export type Emit = (event: RunEvent) => void;

/** Where a command's work reports to. */
export interface Progress {
  /** Its task is the one that the work is part of. */
  readonly host: Host;
  readonly emit: Emit;
  /** Calls `listener` for each later event, before the event is shown. */
  readonly listen: (listener: Emit) => void;
}
