import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Project } from "../config/project.ts";
import type { Host } from "../sys/exec.ts";
import { recoverFolder } from "../sys/replace-folder.ts";
import { lockBeside, withLock } from "../sys/with-lock.ts";

/**
 * Runs `work` with the folder of a source and its name for messages, while no other process writes
 * it, and after it repaired what a killed one left.
 */
export async function withSeriesLock<T>(
  line: string,
  source: string,
  { root, work: workFolder }: Project,
  host: Host,
  work: (dir: string, shown: string) => Promise<T>,
): Promise<T> {
  const shown = `patches/${line}/${source}`;
  const path = join(root, shown);
  // A link stays: what it leads to is replaced.
  const dir = await realpath(path).catch(() => path);
  await mkdir(workFolder, { recursive: true });
  // Not beside the series, which is under version control.
  const file = lockBeside(join(workFolder, `export-${line}-${source}`));
  return withLock(file, { host, other: `is writing ${shown}` }, async () => {
    await recoverFolder(dir);
    return work(dir, shown);
  });
}
