import type { Test } from "./autotest.ts";

/** What a run of upstream's tests tells, in order: a closed union, so that each reporter handles all of it. Times are milliseconds. */
export type SuiteEvent =
  | { readonly event: "notice"; readonly message: string }
  /** `tree` says which source is at it, such as `ovs, patched`. */
  | { readonly event: "phase"; readonly tree: string; readonly phase: string; readonly log: string }
  | { readonly event: "output"; readonly line: string }
  /** A phase failed; `tail` is the end of its log. */
  | { readonly event: "broken"; readonly tail: readonly string[] }
  /** A test ended. `left` is how long the others will take, if that can be told. */
  | {
      readonly event: "test";
      readonly tree: string;
      readonly test: Test;
      readonly failed: boolean;
      readonly done: number;
      readonly total: number;
      readonly failures: number;
      readonly left?: number;
    };

export type EmitSuite = (event: SuiteEvent) => void;
