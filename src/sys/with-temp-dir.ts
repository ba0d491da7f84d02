import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Runs `work` with a new folder whose path starts with `prefix` (as in mkdtemp(3)), then removes
 * the folder.
 */
export async function withTempDir<T>(prefix: string, work: (dir: string) => Promise<T>): Promise<T> {
  await mkdir(dirname(prefix), { recursive: true });
  const dir = await mkdtemp(prefix);
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
