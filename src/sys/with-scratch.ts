import { randomBytes } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "./exec.ts";
import { removeFolder } from "./files.ts";
import { lockBeside, withFreeLock, withLock } from "./with-lock.ts";

/**
 * Runs `use` with a new folder in `tmp` of the work folder, whose name starts with `name`, then
 * removes it. First removes the folders of killed runs: nobody holds their locks.
 */
export async function withScratch<T>(work: string, name: string, host: Host, use: (dir: string) => Promise<T>): Promise<T> {
  const parent = join(work, "tmp");
  await mkdir(parent, { recursive: true });
  await removeLeft(parent);
  const dir = join(parent, `${name}-${randomBytes(8).toString("hex")}`);
  // The folder is made after its lock is taken, and removed before that ends.
  return withLock(lockBeside(dir), { host, other: `is using ${dir}` }, async () => {
    await mkdir(dir);
    try {
      return await use(dir);
    } finally {
      await removeFolder(dir);
    }
  });
}

async function removeLeft(parent: string): Promise<void> {
  for (const entry of await readdir(parent, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const dir = join(parent, entry.name);
    await withFreeLock(lockBeside(dir), `is removing ${dir}`, async () => removeFolder(dir));
  }
}
