import { z } from "zod";
import { BuildError } from "../errors.ts";
import type { Host } from "./exec.ts";
import type { Fetch } from "./fetch.ts";
import { isLoopback } from "./loopback.ts";
import type { Login, Repository } from "./registry-login.ts";
import { readErrors, RegistryFault } from "./registry-refusal.ts";

const tokenSchema = z.object({ token: z.string().exactOptional(), access_token: z.string().exactOptional() });

interface Options {
  readonly repository: Repository;
  readonly login: Login | undefined;
  readonly fetch: Fetch;
  readonly host: Host;
}

/**
 * Makes the function that returns the value of the header `authorization`, if there is one. With a
 * challenge (https://distribution.github.io/distribution/spec/auth/token/), it asks for it again.
 */
export function makeAuthorize({ repository, login, fetch, host }: Options) {
  let current: string | undefined;
  return async (challenge?: string): Promise<string | undefined> =>
    challenge === undefined ? current : (current = await meet(challenge));

  async function meet(challenge: string): Promise<string | undefined> {
    const basic = /^basic\b|,\s*basic\b/i.test(challenge);
    const bearer = /\bbearer\s+(.*)$/is.exec(challenge)?.[1];
    if (bearer !== undefined) return `Bearer ${await askToken(bearer)}`;
    return basic && login?.kind === "password" ? basicOf(login) : undefined;
  }

  async function askToken(parameters: string): Promise<string> {
    const { realm = "", service } = Object.fromEntries(
      [...parameters.matchAll(/([a-z_]+)\s*=\s*"([^"]*)"/gi)].map(([, name = "", value = ""]) => [name.toLowerCase(), value]),
    );
    const url = assertRealm(realm, repository);
    const scope = `repository:${repository.name}:pull,push`;
    const asked = { ...(service === undefined ? {} : { service }), scope };
    const isRefresh = login?.kind === "token";
    const fields = new URLSearchParams(
      isRefresh ? { ...asked, grant_type: "refresh_token", client_id: "kovn-build", refresh_token: login.token } : asked,
    );
    if (!isRefresh) for (const [name, value] of fields) url.searchParams.append(name, value);
    const answer = await fetch(url.href, {
      redirect: "manual",
      signal: AbortSignal.any([host.signal, AbortSignal.timeout(tokenTimeout)]),
      ...(isRefresh
        ? { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: fields.toString() }
        : { method: "GET", headers: login === undefined ? {} : { authorization: basicOf(login) } }),
    }).catch((cause: unknown) => {
      if (cause instanceof BuildError) throw cause;
      const message = `${url.host}, which gives tokens: ${cause instanceof Error ? cause.message : String(cause)}`;
      throw new RegistryFault({ status: undefined, headers: {}, message }, cause);
    });
    const text = await answer.text();
    if (!answer.ok)
      throw new RegistryFault({ status: answer.status, headers: Object.fromEntries(answer.headers), message: readErrors(text) });
    const token = readToken(text);
    if (token === undefined) throw new BuildError("destination", `${url.host} returned no token for ${repository.host}.`);
    host.hide?.(token);
    return token;
  }
}

/** Milliseconds. */
const tokenTimeout = 30_000;

function readToken(text: string): string | undefined {
  try {
    const { token, access_token: other } = tokenSchema.parse(JSON.parse(text));
    return token ?? other;
  } catch {
    return undefined;
  }
}

function basicOf(login: Extract<Login, { readonly kind: "password" }>): string {
  return `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}`;
}

/** Throws "destination" for an address that the login must not go to. */
function assertRealm(realm: string, { api, host }: Repository): URL {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  const isPlain = url?.protocol === "http:" && (isLoopback(url.hostname) || url.hostname === new URL(api).hostname);
  const isAllowed = url?.protocol === "https:" || (isPlain && api.startsWith("http:"));
  if (url !== undefined && isAllowed && url.username + url.password === "") return url;
  const where = url === undefined ? "what is not an address" : url.origin;
  throw new BuildError("destination", `${host} wants the login to go to ${where}, which has no TLS or is not its own.`, {
    hint: "check the name of the registry, and what answers there",
  });
}
