import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { firstErrors, type LogError } from "./first-errors.ts";

/** A job's log file. All lines go to the disk; only the last ones and errors stay in memory. */
export interface Log {
  readonly path: string;
  /**
   * Resolves when there is room for more, so that a program that prints a lot waits instead of
   * filling the memory.
   */
  write(lines: readonly string[]): Promise<void>;
  tail(): readonly string[];
  /** The errors since the start of the step that are the likely causes of a failure. */
  errors(): readonly LogError[];
  /** Marks the start of a step. Errors of the steps before it, which succeeded, explain nothing. */
  startStep(): void;
  close(): Promise<void>;
}

/** Opens a log file for writing. `tail` returns the last `keep` lines. */
export function openLog(path: string, keep = 30): Log {
  const stream = createWriteStream(path);
  const failed = new Promise<never>((_resolve, reject) => stream.once("error", reject));
  failed.catch(() => undefined);
  const last: string[] = [];
  const finder = firstErrors();
  return {
    path,
    async write(lines) {
      last.push(...lines.slice(-keep));
      last.splice(0, last.length - keep);
      for (const line of lines) finder.add(line);
      if (!stream.write(`${lines.join("\n")}\n`)) await Promise.race([once(stream, "drain"), failed]);
    },
    tail: () => [...last],
    errors: () => finder.found(),
    startStep: () => finder.forget(),
    async close() {
      stream.end();
      await finished(stream);
    },
  };
}
