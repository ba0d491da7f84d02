import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

/** A job's log file: every line goes to the disk, only the last ones stay in memory. */
export interface Log {
  readonly path: string;
  /** Resolves when there is room for more, so a program that prints much waits instead of filling the memory. */
  write(lines: readonly string[]): Promise<void>;
  tail(): readonly string[];
  close(): Promise<void>;
}

/** Opens a log file for writing. `keep` is how many of the last lines `tail` gives. */
export function openLog(path: string, keep = 30): Log {
  const stream = createWriteStream(path);
  const failed = new Promise<never>((_resolve, reject) => stream.once("error", reject));
  failed.catch(() => undefined);
  const last: string[] = [];
  return {
    path,
    async write(lines) {
      last.push(...lines.slice(-keep));
      last.splice(0, last.length - keep);
      if (!stream.write(`${lines.join("\n")}\n`)) await Promise.race([once(stream, "drain"), failed]);
    },
    tail: () => [...last],
    async close() {
      stream.end();
      await finished(stream);
    },
  };
}
