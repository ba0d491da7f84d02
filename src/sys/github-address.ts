import { BuildError } from "../errors.ts";
import type { Fetch } from "./fetch.ts";
import { isLoopback } from "./loopback.ts";

/**
 * Throws "usage" for an address of GitHub's API that the token must not go to: without TLS, except on
 * this machine, or with a user, a query or anything else that does not belong there.
 */
export async function assertApi(api: string, fetch: Fetch, signal: AbortSignal): Promise<void> {
  const url = URL.canParse(api) ? new URL(api) : undefined;
  const hint = "https://api.github.com, or https://HOST/api/v3 of a GitHub Enterprise Server";
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username + url.password + url.search + url.hash !== "")
    throw new BuildError("usage", `GITHUB_API_URL \`${api}\` is not a plain URL.`, { hint });
  if (isPrivate(url)) return;
  const better = await findSecure(api, fetch, signal);
  throw new BuildError("usage", `GITHUB_API_URL \`${api}\` has no TLS: anybody on the way could read the token.`, {
    hint: better === undefined ? hint : `GITHUB_API_URL=${better}, where that server redirects`,
  });
}

/** Milliseconds. */
const askTimeout = 3000;

/** Asks a server, without the token, where it has TLS; undefined if it does not say. */
async function findSecure(api: string, fetch: Fetch, signal: AbortSignal): Promise<string | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(askTimeout)]);
  const answer = await fetch(api, { redirect: "manual", signal: limit }).catch(() => undefined);
  signal.throwIfAborted();
  const place = answer?.headers.get("location") ?? "";
  return URL.canParse(place) && new URL(place).protocol === "https:" ? place : undefined;
}

/**
 * Throws "destination" for an address that the token must not go to: it is neither of the API's host
 * nor of its host for uploads.
 */
export function assertSameGitHub(api: string, url: string): void {
  const own = new URL(api);
  const other = URL.canParse(url) ? new URL(url) : undefined;
  const uploads = new URL(own);
  // As `api.github.com` and `api.ACME.ghe.com` have it; an Enterprise Server has one host.
  if (/^api\.(?:github\.com|[^.]+\.ghe\.com)$/.test(own.hostname)) uploads.hostname = own.hostname.replace(/^api/, "uploads");
  const origins = [...new Set([own.origin, uploads.origin])];
  if (other !== undefined && other.username + other.password === "" && origins.includes(other.origin)) return;
  const where = other === undefined ? "what is not an address" : `${other.protocol}//${other.host}`;
  throw new BuildError("destination", `GitHub's answer names ${where}: the token only goes to ${origins.join(" and ")}.`, {
    hint: "check GITHUB_API_URL, and what answers there",
  });
}

/** True when nobody on the way can read what is sent. */
export function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || isLoopback(hostname);
}
