import { setTimeout as sleep } from "node:timers/promises";
import type { Octokit, RequestError } from "octokit";
import { BuildError } from "../errors.ts";
import type { Host } from "./exec.ts";
import { adviseRetry, type Advice, type Fault } from "./github-retry.ts";
import { Stalled } from "./github-watch.ts";

/** A request to GitHub. */
interface Work {
  /** What it does, for messages. */
  readonly what: string;
  /** What a failed attempt has done anyway; undefined for nothing. */
  readonly observe: (() => Promise<unknown>) | undefined;
  readonly isWrite: boolean;
}

/** What octokit returns for a request. */
type Answer = Awaited<ReturnType<Octokit["request"]>>;

/** The most attempts of a request, by how they ended: at a rate limit, without any progress, or otherwise. */
const mostAttempts = { passing: 8, stalled: 3, limited: 100 };
/** Milliseconds. The longest wait, and the longest of all waits of a run together. */
const longestWaits = { one: 15 * 60_000, all: 30 * 60_000 };

/**
 * Makes the function that repeats an attempt until it succeeds. The task gets a notice for each wait;
 * the signal stops everything. Writes start at least `writePause` milliseconds apart.
 */
export function makePersist({ signal, task, mask = String }: Pick<Host, "signal" | "task" | "mask">, writePause: number) {
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
  return async ({ what, observe, isWrite }: Work, attempt: () => Promise<Answer>): Promise<Answer> => {
    const failed = { passing: 0, stalled: 0, limited: 0 };
    for (let isFirst = true; ; isFirst = false) {
      const data = isFirst ? undefined : await observe?.();
      if (data !== undefined) return { status: 200, url: "", headers: {}, data };
      await takeTurn(isWrite);
      try {
        return assertWhole(await attempt());
      } catch (error) {
        signal.throwIfAborted();
        const fault = readFault(error, mask);
        const advice = adviseRetry(fault, failed.passing + 1, Date.now(), Math.random());
        if (advice === undefined) throw refusal(what, fault, error);
        const count = ++failed[advice.kind];
        const isHopeless = isStalled(error) && ++failed.stalled >= mostAttempts.stalled;
        waited += advice.wait;
        const isTooLong = advice.wait > longestWaits.one || waited > longestWaits.all;
        if (count >= mostAttempts[advice.kind] || isHopeless || isTooLong)
          throw givenUp(what, fault, { ...advice, count }, error);
        const why = fault.status === undefined ? fault.message : `${fault.status} ${fault.message}`;
        task.notice(`GitHub: ${what}: ${why}; retrying in ${(advice.wait / 1000).toFixed(1)} s`);
        if (advice.kind === "limited") closedUntil = Math.max(closedUntil, Date.now() + advice.wait);
        else await pause(advice.wait);
      }
    }
  };
}

/** True for octokit's error of a request, with or without a response. */
export function isHttpError(error: unknown): error is RequestError {
  return error instanceof Error && error.name === "HttpError";
}

/** octokit returns a response that was cut off as text, or as no bytes. */
class CutOff extends Error {}

function assertWhole(answer: Answer): Answer {
  const data: unknown = answer.data;
  const isCut = data instanceof ArrayBuffer ? data.byteLength === 0 : typeof data === "string" && answer.status !== 204;
  if (isCut) throw new CutOff("unreadable response");
  return answer;
}

/** True when the attempt was given up because nothing happened. */
function isStalled(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Stalled;
}

/** How a request failed. Throws any other error again. `mask` removes secrets, before the message is cut. */
function readFault(error: unknown, mask: (text: string) => string): Fault {
  // From the body's source.
  if (error instanceof Error && error.cause instanceof BuildError) throw error.cause;
  // undici calls a tunnel that a proxy refuses an AbortError.
  if (error instanceof CutOff || (error instanceof Error && error.name === "AbortError"))
    return { status: undefined, headers: {}, message: firstLine(mask(error.message.slice(0, longestMessage))) };
  if (!isHttpError(error)) throw error;
  const { response } = error;
  return {
    status: response?.status,
    headers: response?.headers ?? {},
    message: firstLine(mask(error.message.slice(0, longestMessage))),
  };
}

/** Characters that are masked before a message is cut to a line. */
const longestMessage = 10_000;
const dayMs = 24 * 3600_000;

const runAgain = "run the same command again: it continues where this one stopped";

function givenUp(
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
    return new BuildError("network", `GitHub's rate limit is used up until ${until} UTC (${what}).`, { cause, hint: runAgain });
  }
  const why = fault.status === undefined ? `no response: ${fault.message}` : `status ${fault.status}`;
  return new BuildError("network", `GitHub failed ${count === 1 ? "once" : `${count} times`}: ${what}: ${why}.`, {
    cause,
    hint: runAgain,
  });
}

function refusal(what: string, { status, headers, message }: Fault, cause: unknown): BuildError {
  if (status === 401)
    return new BuildError("destination", "GitHub rejects the token in GITHUB_TOKEN: it is wrong or has expired.", {
      cause,
      hint: "in a workflow: `env: { GITHUB_TOKEN: '${{ github.token }}' }` at the step",
    });
  if (status === 403) {
    const needed = firstLine(String(headers["x-accepted-github-permissions"] ?? "contents=write")).replace("=", ": ");
    return new BuildError("destination", `The token in GITHUB_TOKEN lacks the permission \`${needed}\` (${what}: ${message}).`, {
      cause,
      hint: `in a workflow: \`permissions: { ${needed} }\` at the job; a pull request from a fork never has it`,
    });
  }
  return new BuildError("destination", `GitHub refused ${what}: ${status} ${message}.`, { cause });
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.slice(0, 300) ?? "";
}
