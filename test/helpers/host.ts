import type { Host } from "../../src/sys/exec.ts";

/** What programs of a test may see: only where to find others. Never aborted. */
export const host: Host = { env: { PATH: process.env["PATH"] ?? "" }, signal: new AbortController().signal };
