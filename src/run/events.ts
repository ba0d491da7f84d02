import type { Artifact, CompilerStats } from "../dist/manifest.ts";
import type { Base } from "../plan/base.ts";
import type { Plan } from "../plan/plan.ts";

/** What a run tells, in order: a closed union, so that each reporter handles all of it. Times are milliseconds. */
export type RunEvent =
  | ({ readonly event: "plan" } & Plan)
  | { readonly event: "notice"; readonly message: string }
  | { readonly event: "base"; readonly source: string; readonly base: Base; readonly commit: string }
  /** `expected` is how long the job took the last time, if it is known. */
  | {
      readonly event: "job-start";
      readonly job: string;
      readonly log: string;
      readonly expected?: number;
      /** What differs from the nearest result that is kept, such as `flags: -O2 → -O3`; none when nothing is. */
      readonly changes: readonly string[];
    }
  /** A job that needs not run: its result was kept. `duration` is how long it took then. */
  | { readonly event: "job-cached"; readonly job: string; readonly finished: string; readonly duration: number }
  /** A job that cannot run, since one that it needs failed. */
  | { readonly event: "job-skipped"; readonly job: string; readonly needs: readonly string[] }
  | {
      readonly event: "step-start";
      readonly job: string;
      readonly step: string;
      readonly position: number;
      readonly count: number;
    }
  /** `warning` is true for a line in which a compiler warns. */
  | { readonly event: "output"; readonly job: string; readonly line: string; readonly warning: boolean }
  | {
      readonly event: "job-end";
      readonly job: string;
      readonly outcome: "built" | "failed" | "stopped";
      readonly duration: number;
      /** How many lines a compiler warned in. */
      readonly warnings: number;
      readonly log: string;
      readonly tail: readonly string[];
      /** What ccache did, if anything was compiled through it. */
      readonly compilerCache?: CompilerStats;
    }
  | { readonly event: "done"; readonly folder: string; readonly duration: number; readonly artifacts: readonly Artifact[] };

export type Emit = (event: RunEvent) => void;
