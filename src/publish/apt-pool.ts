import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "../sys/exec.ts";
import { sha256File, type OnBytes } from "../sys/files.ts";
import { runTask } from "../sys/run-task.ts";
import { sayBytes, sumOfSizes } from "../sys/say-bytes.ts";
import { count } from "../sys/text.ts";
import type { Stanza } from "./apt-stanza.ts";

/** The flaw that no publish repairs. */
export const notFile = "is not a file: remove it";

/** Why a package in the pool is not what an index says, in words; undefined when it is. */
async function flawOf({ filename, size, sha256 }: Stanza, place: string, onBytes: OnBytes): Promise<string | undefined> {
  const path = join(place, filename);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return "is missing";
  if (!found.isFile()) return notFile;
  if (found.size !== size) return `has ${found.size} bytes instead of ${size}`;
  return (await sha256File(path, onBytes)) === sha256 ? undefined : "has other bytes";
}

/** Reads every package of the given stanzas. Returns the flaws of those that are not whole, by path. */
export async function findDamage(stanzas: readonly Stanza[], place: string, host: Host): Promise<ReadonlyMap<string, string>> {
  if (stanzas.length === 0) return new Map();
  return runTask(host, `read ${count(stanzas.length, "published package")}`, async ({ task }) => {
    const onBytes = sayBytes(task, sumOfSizes(stanzas));
    const flaws = new Map<string, string>();
    for (const stanza of stanzas) {
      const flaw = await flawOf(stanza, place, onBytes);
      if (flaw !== undefined) flaws.set(stanza.filename, flaw);
    }
    return flaws;
  });
}
