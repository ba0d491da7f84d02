/** How a request failed. */
export interface Fault {
  /** Undefined when there was no response, or an unreadable one. */
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly message: string;
}

/**
 * Whether and when to try again. `limited`: GitHub says that we send too many requests. `passing`:
 * any other temporary fault.
 */
export interface Advice {
  readonly kind: "limited" | "passing";
  /** Milliseconds. */
  readonly wait: number;
}

/** Milliseconds before the second attempt, doubled for each further one. */
const firstWait = 500;
const longestBackoff = 30_000;
/**
 * For a rate limit without a stated end
 * (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
 */
const unknownLimit = 60_000;
/** Milliseconds, 300 years: whatever a server asks for, it stays a time with which one can calculate. */
const longest = 1e13;

/**
 * What to do after a fault, by GitHub's rules: wait for `retry-after`, else for `x-ratelimit-reset`
 * when no requests remain, else for a time that doubles. Undefined for a refusal, which another
 * attempt cannot change. `attempt` counts from 1, `now` is in milliseconds, `random` between 0 and
 * 1.
 */
export function adviseRetry(fault: Fault, attempt: number, now: number, random: number): Advice | undefined {
  const asked = untilRetry(fault.headers["retry-after"], now);
  const backoff = Math.min(firstWait * 2 ** (attempt - 1), longestBackoff) * (0.75 + random / 2);
  if (isLimit(fault)) {
    const reset = fault.headers["x-ratelimit-remaining"] === "0" ? seconds(fault.headers["x-ratelimit-reset"]) : undefined;
    return { kind: "limited", wait: asked ?? (reset === undefined ? unknownLimit : Math.max(reset - now, 1000)) };
  }
  const { status } = fault;
  // Our previous attempt, or somebody else, has created it.
  const exists = status === 422 && fault.message.includes("already_exists");
  if (status === undefined || status === 408 || status >= 500 || exists) return { kind: "passing", wait: asked ?? backoff };
  return undefined;
}

/**
 * Milliseconds between the starts of two requests that change something. GitHub asks for a second; a
 * GitHub Enterprise Server has no limits, or says them itself.
 */
export function pauseBetweenWrites(api: string): number {
  return /^(api\.github\.com|.*\.ghe\.com)$/.test(new URL(api).hostname) ? 1000 : 0;
}

function isLimit({ status, headers, message }: Fault): boolean {
  if (status === 429) return true;
  return (
    status === 403 &&
    (headers["retry-after"] !== undefined || headers["x-ratelimit-remaining"] === "0" || /rate limit/i.test(message))
  );
}

/** How many milliseconds `retry-after` asks for, as seconds or as a date (RFC 9110, 10.2.3). */
function untilRetry(value: string | number | undefined, now: number): number | undefined {
  const until = /^[A-Z][a-z]+, /.test(String(value)) ? Date.parse(String(value)) : Number.NaN;
  return Number.isNaN(until) ? seconds(value) : Math.min(Math.max(until - now, 0), longest);
}

/** A header in seconds, as milliseconds. */
function seconds(value: string | number | undefined): number | undefined {
  return value !== undefined && /^\d+$/.test(String(value)) ? Math.min(Number(value) * 1000, longest) : undefined;
}
