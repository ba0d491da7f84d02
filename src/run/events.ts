import type { Artifact, CompilerStats } from "../dist/manifest.ts";
import type { Base } from "../plan/base.ts";
import type { Plan } from "../plan/plan.ts";

/**
 * What a run reports, in order: a closed union, so that each reporter handles all of it. Times are
 * milliseconds.
 */
export type RunEvent =
  | ({ readonly event: "plan" } & Plan)
  | { readonly event: "notice"; readonly message: string }
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
      readonly tail: readonly string[];
      /** What ccache did; absent when nothing was compiled through it. */
      readonly compilerCache?: CompilerStats;
    }
  | { readonly event: "done"; readonly folder: string; readonly duration: number; readonly artifacts: readonly Artifact[] };

export type Emit = (event: RunEvent) => void;

/** Reports messages as notices. */
export function noticesOf(emit: Emit): (message: string) => void {
  return (message) => emit({ event: "notice", message });
}
