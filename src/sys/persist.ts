import { setTimeout as sleep } from "node:timers/promises";
import { BuildError } from "../errors.ts";
import type { Host } from "./exec.ts";
import { adviseRetry, type Advice, type Fault } from "./retry.ts";
import { Stalled } from "./watch-progress.ts";

/** A request to a server. */
export interface Work<T> {
  /** What it does, for messages. */
  readonly what: string;
  /**
   * Called before each attempt but the first, since the previous one may have succeeded without a
   * response. What it returns takes the place of the response; undefined: try again.
   */
  readonly observe?: (() => Promise<T | undefined>) | undefined;
  readonly isWrite: boolean;
  /** The most attempts after temporary faults; default: 8. */
  readonly attempts?: number | undefined;
}

/** What is particular about a server. */
export interface Rules {
  /** Its name, for messages. */
  readonly server: string;
  /** Milliseconds between the starts of two requests that change something. */
  readonly writePause: number;
  /** How a request failed. Throws any other error again. */
  readonly readFault: (error: unknown) => Fault;
  /** The error for a fault that another attempt cannot change. */
  readonly refusal: (what: string, fault: Fault, cause: unknown) => BuildError;
}

/** The most attempts of a request, by how they ended: at a rate limit, without any progress, or otherwise. */
const mostAttempts = { passing: 8, stalled: 3, limited: 100 };
/** Milliseconds. The longest wait, and the longest of all waits of a run together. */
const longestWaits = { one: 15 * 60_000, all: 30 * 60_000 };

/**
 * Makes the function that repeats an attempt until it succeeds. The task gets a notice for each wait;
 * the signal stops everything.
 */
export function makePersist({ signal, task }: Pick<Host, "signal" | "task">, { server, writePause, readFault, refusal }: Rules) {
  /** No request starts before this time: a rate limit holds for all of them. */
  let closedUntil = 0;
  let nextWrite = 0;
  let waited = 0;
  const pause = async (milliseconds: number) => {
    await sleep(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
  };
  const takeTurn = async (isWrite: boolean) => {
    const opens = () => Math.max(closedUntil, isWrite ? nextWrite : 0);
    while (opens() > Date.now()) await pause(opens() - Date.now());
    signal.throwIfAborted();
    if (isWrite) nextWrite = Date.now() + writePause;
  };
  return async <T>({ what, observe, isWrite, attempts }: Work<T>, attempt: () => Promise<T>): Promise<T> => {
    const most = { ...mostAttempts, passing: attempts ?? mostAttempts.passing };
    const failed = { passing: 0, stalled: 0, limited: 0 };
    for (let isFirst = true; ; isFirst = false) {
      const found = isFirst ? undefined : await observe?.();
      if (found !== undefined) return found;
      await takeTurn(isWrite);
      try {
        return await attempt();
      } catch (error) {
        signal.throwIfAborted();
        const fault = readFault(error);
        const advice = adviseRetry(fault, failed.passing + 1, Date.now(), Math.random());
        if (advice === undefined) throw refusal(what, fault, error);
        const count = ++failed[advice.kind];
        const isHopeless = isStalled(error) && ++failed.stalled >= most.stalled;
        waited += advice.wait;
        const isTooLong = advice.wait > longestWaits.one || waited > longestWaits.all;
        if (count >= most[advice.kind] || isHopeless || isTooLong)
          throw givenUp(server, what, fault, { ...advice, count }, error);
        const why = fault.status === undefined ? fault.message : `${fault.status} ${fault.message}`;
        task.notice(`${server}: ${what}: ${why}; retrying in ${(advice.wait / 1000).toFixed(1)} s`);
        if (advice.kind === "limited") closedUntil = Math.max(closedUntil, Date.now() + advice.wait);
        else await pause(advice.wait);
      }
    }
  };
}

/** True when the attempt was given up because nothing happened. */
function isStalled(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Stalled;
}

/** Characters that are masked before a message is cut to a line. */
const longestMessage = 10_000;
const dayMs = 24 * 3600_000;

const runAgain = "run the same command again: it continues where this one stopped";

function givenUp(
  server: string,
  what: string,
  fault: Fault,
  { kind, wait, count }: Advice & { readonly count: number },
  cause: unknown,
): BuildError {
  if (kind === "limited") {
    const until = new Date(Date.now() + wait)
      .toISOString()
      .replace("T", " ")
      .slice(wait < dayMs ? 11 : 0, -8);
    return new BuildError("network", `${server}'s rate limit is used up until ${until} UTC (${what}).`, {
      cause,
      hint: runAgain,
    });
  }
  const why = fault.status === undefined ? `no response: ${fault.message}` : `status ${fault.status}`;
  return new BuildError("network", `${server} failed ${count === 1 ? "once" : `${count} times`}: ${what}: ${why}.`, {
    cause,
    hint: runAgain,
  });
}

/** The first line of what a server or a library says, short, and without secrets. */
export function firstLine(text: string, mask: (text: string) => string = String): string {
  return mask(text.slice(0, longestMessage)).split("\n", 1)[0]?.slice(0, 300) ?? "";
}
