import { setTimeout as sleep } from "node:timers/promises";
import type { request as octokitRequest } from "@octokit/request";
import { RequestError } from "@octokit/request-error";
import { BuildError } from "../errors.ts";
import { adviseRetry, type Advice, type Fault } from "./github-retry.ts";

/** How GitHub is reached, as the environment says it. */
export interface GitHubAccess {
  /** GITHUB_API_URL. */
  readonly api: string;
  /** GITHUB_TOKEN. */
  readonly token: string | undefined;
  /** GITHUB_REPOSITORY: `owner/name`. */
  readonly repository: string | undefined;
}

/** octokit's typed request, with address, token and time limit. */
export type Request = typeof octokitRequest;

/** GitHub's API, with timeoutMs. */
export interface GitHub {
  /**
   * Makes attempts, counted from 1, until one gets through. After a fault that may pass (no answer, 5xx, a rate limit) it waits as long as
   * GitHub says, all others as well if it is a limit, and tells so. Throws "network" when timeoutMs is at its end, "destination" for a refusal.
   */
  persist<T>(what: string, attempt: (request: Request, count: number) => Promise<T>): Promise<T>;
}

/** An answer that says no more than that another attempt is worthwhile. */
export class PassingFault extends Error {}

/** Attempts in spite of faults; those that end at a rate limit count for themselves. */
const mostAttempts = { passing: 8, limited: 100 };
/** Milliseconds: a limit that lasts longer ends the run. */
const longestLimit = 15 * 60_000;
/** Milliseconds for a request that carries no file. */
const timeoutMs = 60_000;

/** Opens nothing yet. `tell` gets a line for each wait; all ends with `signal`. */
export function connect(
  { api, token }: GitHubAccess & { readonly token: string },
  signal: AbortSignal,
  tell: (text: string) => void,
): GitHub {
  /** Nobody asks before: a limit is everybody's. */
  let closedUntil = 0;
  const makeRequest = async () => {
    const { request } = await import("@octokit/request");
    return request.defaults({
      baseUrl: api,
      headers: { authorization: `Bearer ${token}`, "x-github-api-version": "2022-11-28", "user-agent": "kovn-build" },
      request: { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) },
    });
  };
  return {
    async persist(what, attempt) {
      const failed = { passing: 0, limited: 0 };
      for (let count = 1; ; count++) {
        while (closedUntil > Date.now()) await pause(closedUntil - Date.now(), signal);
        signal.throwIfAborted();
        try {
          return await attempt(await makeRequest(), count);
        } catch (error) {
          signal.throwIfAborted();
          const fault = readFault(error);
          if (fault === undefined) throw error;
          const advice = adviseRetry(fault, failed.passing + 1, Date.now(), Math.random());
          if (advice === undefined) throw refusal(what, fault, error);
          if (++failed[advice.kind] >= mostAttempts[advice.kind] || advice.wait > longestLimit)
            throw impatience(what, fault, advice, error);
          const why = fault.status === undefined ? fault.message : `${fault.status} ${fault.message}`;
          tell(`github: ${what}: ${firstLine(why)}; again in ${(advice.wait / 1000).toFixed(1)} s\n`);
          if (advice.kind === "limited") closedUntil = Math.max(closedUntil, Date.now() + advice.wait);
          else await pause(advice.wait, signal);
        }
      }
    },
  };
}

/** The HTTP status with which GitHub answered; undefined for any other error. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof RequestError ? error.response?.status : undefined;
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
}

function readFault(error: unknown): Fault | undefined {
  if (error instanceof PassingFault) return { status: undefined, headers: {}, message: error.message };
  if (!(error instanceof RequestError)) return undefined;
  const { response } = error;
  return { status: response?.status, headers: response?.headers ?? {}, message: error.message };
}

const goOn = "run the same command again: it goes on where this one ended";

function impatience(what: string, fault: Fault, { kind, wait }: Advice, cause: unknown): BuildError {
  if (kind === "limited") {
    const until = new Date(Date.now() + wait).toISOString().slice(11, 16);
    return new BuildError("network", `GitHub's rate limit is used up until ${until} UTC (${what}).`, { cause, hint: goOn });
  }
  const why = fault.status === undefined ? `no answer: ${firstLine(fault.message)}` : `answer ${fault.status}`;
  return new BuildError("network", `GitHub could not be used, after ${mostAttempts.passing} attempts: ${what}: ${why}.`, {
    cause,
    hint: goOn,
  });
}

function refusal(what: string, { status, headers, message }: Fault, cause: unknown): BuildError {
  if (status === 401)
    return new BuildError("destination", "GitHub does not know the token in GITHUB_TOKEN: it is wrong, or has expired.", {
      cause,
      hint: "in a workflow: `env: { GITHUB_TOKEN: '${{ github.token }}' }` at the step",
    });
  if (status === 403) {
    const wanted = String(headers["x-accepted-github-permissions"] ?? "contents=write").replace("=", ": ");
    return new BuildError(
      "destination",
      `The token in GITHUB_TOKEN lacks the permission \`${wanted}\` (${what}: ${firstLine(message)}).`,
      {
        cause,
        hint: `in a workflow: \`permissions: { ${wanted} }\` at the job; a pull request from a fork never has it`,
      },
    );
  }
  return new BuildError("destination", `GitHub refused ${what}: ${status} ${firstLine(message)}.`, { cause });
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.slice(0, 300) ?? "";
}
