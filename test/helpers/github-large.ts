import { readFileSync } from "node:fs";
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { editManifest } from "./dist.ts";
import { sha256File } from "../../src/sys/files.ts";

/** Adds so many files of so many bytes to a build: holes, which take no space on the disk. Those of one size are equal in all but their names. */
export async function addLargeFiles(dist: string, count: number, bytes: number): Promise<void> {
  await mkdir(dist, { recursive: true });
  const names = Array.from({ length: count }, (_, index) => `large-${String(index).padStart(3, "0")}.bin`);
  for (const name of names) {
    await writeFile(join(dist, name), "");
    await truncate(join(dist, name), bytes);
  }
  const sha256 = await sha256File(join(dist, names[0] ?? ""));
  await editManifest(dist, ({ artifacts, ...manifest }) => ({
    ...manifest,
    artifacts: [...artifacts, ...names.map((file) => ({ file, size: bytes, sha256, job: "demo" }))],
  }));
}

/** The most memory that a process ever had, in bytes: VmHWM of proc(5). */
export function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
