import { setTimeout as sleep } from "node:timers/promises";
import type { request as octokitRequest } from "@octokit/request";
import { RequestError } from "@octokit/request-error";
import { BuildError } from "../errors.ts";
import { adviseRetry, type Advice, type Fault } from "./github-retry.ts";

/** How to reach GitHub, from the environment. */
export interface GitHubAccess {
  /** GITHUB_API_URL. */
  readonly api: string;
  /** GITHUB_TOKEN. */
  readonly token: string | undefined;
  /** GITHUB_REPOSITORY: `owner/name`. */
  readonly repository: string | undefined;
}

/** octokit's typed request function, with address, token and time limit. */
export type Request = typeof octokitRequest;

/** GitHub's API, with retries. */
export interface GitHub {
  /**
   * Calls `attempt` (with its count, from 1) until it succeeds. After a temporary fault (no
   * response, 5xx, a rate limit) it reports and waits as long as GitHub says; a rate limit makes
   * all other requests wait too. Throws "network" when it gives up, "destination" for a refusal.
   */
  persist<T>(what: string, attempt: (request: Request, count: number) => Promise<T>): Promise<T>;
}

/** A response that only says that another attempt is worthwhile. */
export class PassingFault extends Error {}

/** The most attempts. Those that end at a rate limit are counted separately. */
const mostAttempts = { passing: 8, limited: 100 };
/** Milliseconds. A rate limit that lasts longer ends the run. */
const longestLimit = 15 * 60_000;
/** Time limit for a request without a file, in milliseconds. */
const timeoutMs = 60_000;

/** Opens no connection yet. `report` gets a line for each wait; `signal` stops everything. */
export function connect(
  { api, token }: GitHubAccess & { readonly token: string },
  signal: AbortSignal,
  report: (text: string) => void,
): GitHub {
  /** No request starts before this time: a rate limit holds for all of them. */
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
            throw givenUp(what, fault, advice, error);
          const why = fault.status === undefined ? fault.message : `${fault.status} ${fault.message}`;
          report(`github: ${what}: ${firstLine(why)}; retrying in ${(advice.wait / 1000).toFixed(1)} s\n`);
          if (advice.kind === "limited") closedUntil = Math.max(closedUntil, Date.now() + advice.wait);
          else await pause(advice.wait, signal);
        }
      }
    },
  };
}

/** The HTTP status of GitHub's response; undefined for any other error. */
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

const runAgain = "run the same command again: it continues where this one stopped";

function givenUp(what: string, fault: Fault, { kind, wait }: Advice, cause: unknown): BuildError {
  if (kind === "limited") {
    const until = new Date(Date.now() + wait).toISOString().slice(11, 16);
    return new BuildError("network", `GitHub's rate limit is used up until ${until} UTC (${what}).`, { cause, hint: runAgain });
  }
  const why = fault.status === undefined ? `no response: ${firstLine(fault.message)}` : `status ${fault.status}`;
  return new BuildError("network", `GitHub failed ${mostAttempts.passing} times: ${what}: ${why}.`, {
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
    const needed = String(headers["x-accepted-github-permissions"] ?? "contents=write").replace("=", ": ");
    return new BuildError(
      "destination",
      `The token in GITHUB_TOKEN lacks the permission \`${needed}\` (${what}: ${firstLine(message)}).`,
      {
        cause,
        hint: `in a workflow: \`permissions: { ${needed} }\` at the job; a pull request from a fork never has it`,
      },
    );
  }
  return new BuildError("destination", `GitHub refused ${what}: ${status} ${firstLine(message)}.`, { cause });
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.slice(0, 300) ?? "";
}
