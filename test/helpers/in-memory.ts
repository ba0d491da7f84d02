import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { availableMemory } from "../../src/sys/processes.ts";

/** A file system in memory (shm_overview(7)). */
const memory = "/dev/shm";
/** Bytes that must be free there: tests hold a tenth of it at a time. */
const room = 4e9;

/**
 * Puts the tests' temporary folders into memory where there is room, so that no test waits for a disk
 * to sync. What must reach the disk is tested by its system calls (`trace.ts`).
 */
export function setup(): void {
  if (process.env["TMPDIR"] === undefined && hasRoom()) process.env["TMPDIR"] = memory;
}

/** True where tests may write enough, and run what they wrote: a container has 64 MB, or no programs there. */
function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory);
    if (Math.min(bavail * bsize, availableMemory()) < room) return false;
    const folder = mkdtempSync(join(memory, "kovn-"));
    try {
      const program = join(folder, "program");
      writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
      return spawnSync(program).status === 0;
    } finally {
      rmSync(folder, { recursive: true });
    }
  } catch {
    return false;
  }
}
