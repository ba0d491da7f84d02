import type { Test } from "./autotest.ts";

/**
 * The events of a run of upstream's tests, in order: a closed union, so that each reporter handles
 * all of them. Times are in milliseconds.
 */
export type SuiteEvent =
  | { readonly event: "notice"; readonly message: string }
  /** `tree` names the source, such as `ovs, patched`. */
  | { readonly event: "phase"; readonly tree: string; readonly phase: string; readonly log: string }
  | { readonly event: "output"; readonly line: string }
  /** A phase failed; `tail` is the end of its log. */
  | { readonly event: "broken"; readonly tail: readonly string[] }
  /** A test ended. `left` estimates the time for the others, once it can. */
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
