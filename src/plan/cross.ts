import type { Step } from "../steps/registry.ts";

/** Whether one of the steps compiles for Windows with MinGW-w64. */
export function crossCompiles(steps: readonly Step[]): boolean {
  return steps.some((step) => step.uses === "mingw");
}
