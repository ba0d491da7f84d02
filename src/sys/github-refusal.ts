import type { Fetch } from "./fetch.ts";

/** The most errors of a refusal that a message names. */
const mostErrors = 10;

/**
 * Makes a `fetch` whose refusals have the body that GitHub's API describes, whatever the server
 * sends: octokit reads nothing else.
 */
export function plainRefusals(fetch: Fetch): Fetch {
  return async (url, init) => {
    const answer = await fetch(url, init);
    if (answer.status < 400) return answer;
    const { message, errors } = parse(await answer.text());
    const plain = {
      message: typeof message === "string" && message !== "" ? message : answer.statusText || "no reason given",
      ...(Array.isArray(errors) && errors.length > 0 ? { errors: errors.slice(0, mostErrors) } : {}),
    };
    const headers = { ...Object.fromEntries(answer.headers), "content-type": "application/json" };
    return new Response(JSON.stringify(plain), { status: answer.status, headers }) as typeof answer;
  };
}

function parse(text: string): { readonly message?: unknown; readonly errors?: unknown } {
  try {
    return { ...(JSON.parse(text) as object) };
  } catch {
    return {};
  }
}
