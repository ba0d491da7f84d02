import { readFileSync } from "node:fs";
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { editManifest } from "./dist.ts";
import { sha256File } from "../../src/sys/files.ts";

/**
 * Adds `count` files of `bytes` bytes each to a build. They are holes, which take no disk space;
 * files of the same size differ only in name.
 */
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

/** The peak memory of a process in bytes: VmHWM of proc(5). */
export function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
