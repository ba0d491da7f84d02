import { BuildError } from "../errors.ts";
import type { Fetch } from "./fetch.ts";
import { isPrivate } from "./github-address.ts";

/** More than GitHub ever has. */
const mostRedirects = 5;

/**
 * Makes a `fetch` that follows redirects of what is only read. The token never reaches another host,
 * and nothing a host without TLS. `what` is for messages.
 */
export function followRedirects(fetch: Fetch, what: string): Fetch {
  return async (start, init) => {
    let url = new URL(start);
    let headers = init.headers as Readonly<Record<string, string>>;
    for (let count = 0; ; count++) {
      const answer = await fetch(url.href, { ...init, headers, redirect: "manual" });
      const location = [301, 302, 303, 307, 308].includes(answer.status) ? answer.headers.get("location") : null;
      if (location === null) return answer;
      const to = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined;
      if (to === undefined || !/^https?:$/.test(to.protocol)) throw refused(what, "an address that is none");
      if (to.protocol !== "https:" && !(url.protocol === "http:" && isPrivate(to)))
        throw refused(what, `${to.origin}, which has no TLS`);
      if (init.method !== "GET") throw refused(what, to.origin);
      if (count >= mostRedirects) throw refused(what, `${to.origin}, after ${count} other redirects`);
      if (to.origin !== url.origin)
        headers = Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization"));
      url = to;
    }
  };
}

function refused(what: string, where: string): BuildError {
  return new BuildError("destination", `GitHub redirects what should only ${what} to ${where}.`, {
    hint: "check GITHUB_API_URL, and whether the repository has another name now: --to github=OWNER/REPO",
  });
}
