import type { Host } from "../../src/sys/exec.ts";
import { quietTask } from "../../src/sys/task.ts";

/** A host for tests: programs see only PATH, and the signal never aborts. */
export const host: Host = {
  env: { PATH: process.env["PATH"] ?? "" },
  signal: new AbortController().signal,
  task: quietTask,
};
