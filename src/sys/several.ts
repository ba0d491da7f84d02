import type { Host } from "./exec.ts";

/** How many uploads run at once. */
const parallel = 4;

/** Work that runs side by side and ends together. */
export interface Together {
  /** Its signal ends all of it: the caller's, or that of a failure. */
  readonly host: Host;
  readonly fail: (error: unknown) => void;
}

/** A host for work that ends when a part of it fails. */
export function together(outer: Host): Together {
  const failure = new AbortController();
  const signal = AbortSignal.any([outer.signal, failure.signal]);
  return { host: { ...outer, signal }, fail: (error) => failure.abort(error) };
}

/** Does the work for each of some things, a few at once. Throws the first failure. */
export async function forEach<T>(
  things: readonly T[],
  { host, fail }: Together,
  work: (thing: T) => Promise<void>,
): Promise<void> {
  const queue = things.values();
  const next = async () => {
    for (const thing of queue) {
      host.signal.throwIfAborted();
      await work(thing);
    }
  };
  await Promise.all(Array.from({ length: parallel }, () => next().catch(fail)));
  host.signal.throwIfAborted();
}
