import type { OnBytes } from "./files.ts";
import { formatSize } from "./size.ts";
import type { Task } from "./task.ts";

/** Milliseconds between two messages. */
const pause = 250;

/**
 * Makes a function that counts the bytes of a task as they are done. The task then says how many of
 * `total`, if that is known, they are, and the rate, such as `1.2 GB of 4.0 GB, 310.0 MB/s`.
 */
export function sayBytes({ say }: Task, total?: number): OnBytes {
  const started = performance.now();
  let said = started;
  let done = 0;
  return (count) => {
    done += count;
    const now = performance.now();
    if (now - said < pause) return;
    said = now;
    say(
      `${formatSize(done)}${total === undefined ? "" : ` of ${formatSize(total)}`}, ${formatSize((done / (now - started)) * 1000)}/s`,
    );
  };
}

/** How many bytes some files have. */
export function sumOfSizes(files: readonly { readonly size: number }[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
