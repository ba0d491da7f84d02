import { setTimeout as sleep } from "node:timers/promises";
import type { Body, Fetch } from "./fetch.ts";
import type { Task } from "./task.ts";

/** The error of an attempt in which nothing happened for too long. */
export class Stalled extends Error {}

export interface WatchOptions {
  /** What the request does, for messages. */
  readonly what: string;
  readonly signal: AbortSignal;
  /** Says that there is no answer yet. */
  readonly task: Task;
  readonly limits?: WatchLimits;
}

/** Milliseconds. */
export interface WatchLimits {
  /** Without an answer, and without a piece of what is sent or received. */
  readonly stalled: number;
  /** For a whole answer, from its first piece. */
  readonly answer: number;
}

const usualLimits: WatchLimits = { stalled: 30_000, answer: 120_000 };
/** Milliseconds without progress before the task says so. */
const silent = 2000;

/** Makes a `fetch` that throws `Stalled` when there is no progress, and says so while it waits. */
export function watchProgress(fetch: Fetch, { what, signal, task, limits = usualLimits }: WatchOptions): Fetch {
  return async (url, { body, ...init }) => {
    const stop = new AbortController();
    let last = performance.now();
    let answering: number | undefined;
    const watch = async () => {
      while (!stop.signal.aborted) {
        const now = performance.now();
        const age = now - last;
        if (age > limits.stalled) stop.abort(new Stalled(`no progress for ${Math.round(limits.stalled / 1000)} s`));
        else if (now - (answering ?? now) > limits.answer) stop.abort(new Stalled("an answer without an end"));
        else if (age > silent) task.say(`${what}: no answer for ${Math.round(age / 1000)} s`);
        await sleep(Math.min(500, limits.stalled), undefined, { signal: stop.signal }).catch(() => undefined);
      }
    };
    void watch();
    async function* watched(pieces: Body) {
      for await (const piece of pieces()) {
        yield piece;
        last = performance.now();
      }
    }
    const onPiece = () => {
      last = performance.now();
      answering ??= last;
    };
    try {
      return await fetch(url, {
        ...init,
        body: typeof body === "function" ? () => watched(body) : body,
        signal: AbortSignal.any([signal, stop.signal]),
        onPiece,
      });
    } catch (error) {
      throw stop.signal.reason instanceof Stalled ? stop.signal.reason : error;
    } finally {
      stop.abort();
    }
  };
}
