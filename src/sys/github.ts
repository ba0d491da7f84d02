import type { Octokit } from "octokit";
import { BuildError } from "../errors.ts";
import type { Host } from "./exec.ts";
import { openFetch } from "./fetch.ts";
import { assertApi, assertSameGitHub } from "./github-address.ts";
import { isHttpError, makePersist } from "./github-persist.ts";
import { followRedirects } from "./github-redirect.ts";
import { plainRefusals } from "./github-refusal.ts";
import { pauseBetweenWrites } from "./retry.ts";
import { watchProgress } from "./watch-progress.ts";

/** How to reach GitHub, from the environment. */
export interface GitHubAccess {
  /** GITHUB_API_URL. */
  readonly api: string;
  /** GITHUB_TOKEN. */
  readonly token: string | undefined;
  /** GITHUB_REPOSITORY: `owner/name`. */
  readonly repository: string | undefined;
}

/**
 * octokit, with every request repeated until it succeeds. After a temporary fault (no response, 5xx,
 * a rate limit) it says so and waits as long as GitHub says; a rate limit makes all other requests
 * wait too. Throws "network" when it gives up, "destination" for a refusal.
 */
export type GitHub = Octokit;

/** Options of ours for a request: `github.rest.repos.…({ …, request: { what, observe } })`. */
export interface Persistence {
  /** What the request does, for messages. */
  readonly what: string;
  /**
   * Called before each attempt but the first, since the previous one may have succeeded without a
   * response. What it returns takes the place of the response; undefined: try again.
   */
  readonly observe?: () => Promise<unknown>;
}

/**
 * Sends nothing with the token yet. The host's task gets a notice for each wait; its signal stops everything.
 * Throws "usage" for an API that the token must not go to.
 */
export async function connect({ api, token }: GitHubAccess, host: Host): Promise<GitHub> {
  const { env, signal, task } = host;
  const [{ Octokit }, fetch] = await Promise.all([import("octokit"), openFetch(env)]);
  await assertApi(api, fetch, signal);
  const github = new Octokit({
    baseUrl: api,
    userAgent: "kovn-build",
    retry: { enabled: false },
    throttle: { enabled: false },
    request: { log: { warn: task.notice } },
  });
  // Not octokit's `auth`: its own hook would run inside ours, and never see what ours changes.
  const fixed = { authorization: `Bearer ${token}`, "x-github-api-version": "2022-11-28" };
  const persist = makePersist(host, pauseBetweenWrites(api));
  github.hook.wrap("request", (request, options) => {
    const { method, url } = github.request.endpoint(options);
    assertSameGitHub(api, url);
    const { what = `${method} ${new URL(url).pathname}`, observe } = options.request as Partial<Persistence>;
    const ours = { fetch: plainRefusals(watchProgress(followRedirects(fetch, what), { what, signal, task })) };
    return persist({ what, observe, isWrite: method !== "GET" }, async () => {
      const headers = { ...options.headers, ...fixed };
      return request({ ...options, headers, request: { ...options.request, ...ours } });
    });
  });
  return github;
}

/** The HTTP status of GitHub's refusal; undefined for any other error. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof BuildError && isHttpError(error.cause) ? error.cause.response?.status : undefined;
}

/** Passes over GitHub's refusal of something that is not there. */
export function ignoreMissing(error: unknown): undefined {
  if (statusOf(error) !== 404) throw error;
}
