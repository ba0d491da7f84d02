import type { Dispatcher, RequestInit, Response } from "undici";
import { BuildError } from "../errors.ts";

/**
 * A request's body, opened when it is sent. A piece may be valid only until the next one is asked
 * for: that happens when the server has taken it.
 */
export type Body = () => AsyncIterable<Uint8Array>;

export interface FetchInit extends Omit<RequestInit, "body" | "dispatcher"> {
  readonly body?: string | Body | undefined;
}

/** Node's `fetch` for http and https, with proxies, and with bodies of any size. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>;

/**
 * Makes a `fetch` that goes through the proxies of the environment as curl and git do: `http_proxy`
 * for http, `https_proxy` for https, else `all_proxy`, and none for the hosts in `no_proxy`. Capital
 * letters count too; where both are set, small ones win. What it throws says the reason. Throws
 * "usage" for a proxy that it cannot use.
 */
export async function openFetch(env: Readonly<Record<string, string>>): Promise<Fetch> {
  const { EnvHttpProxyAgent, fetch, request, Response } = await import("undici");
  const noProxy = valueOf(env, "no_proxy")?.value ?? "";
  // undici would use `http_proxy` for https as well. Each agent has one proxy, for both.
  const through = (name: string) => {
    const proxy = readProxy(env, name);
    // Plain http needs no tunnel, and many proxies allow tunnels to port 443 only.
    return new EnvHttpProxyAgent({ httpProxy: proxy, httpsProxy: proxy, noProxy, proxyTunnel: false });
  };
  const [plain, secure] = [through("http_proxy"), through("https_proxy")];
  const dispatcher = plain.compose(
    (dispatch) => (options, handler) =>
      String(options.origin).startsWith("https:") ? secure.dispatch(options, handler) : dispatch(options, handler),
  );
  /** `fetch` copies each piece of a body, which takes 30 MB more for four bodies at once. */
  const send = async (url: string, { method, headers, signal }: FetchInit, body: Body) => {
    const options = { method, headers, signal, body: body(), dispatcher } as unknown as Dispatcher.RequestOptions;
    const { statusCode: status, headers: got, body: answer } = await request(url, options);
    return new Response(await answer.text(), { status, headers: Object.entries(got) as [string, string][] });
  };
  return (url, { body, ...init }) =>
    (typeof body === "function" ? send(url, init, body) : fetch(url, { ...init, body: body ?? null, dispatcher })).catch(
      (error: unknown) => {
        throw reasonOf(error);
      },
    );
}

/** undici says "fetch failed", and the reason in the last of several causes. */
function reasonOf(error: unknown): unknown {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error instanceof Error && error.cause instanceof Error ? reasonOf(error.cause) : error;
}

function valueOf(env: Readonly<Record<string, string>>, ...names: readonly string[]) {
  const name = names.flatMap((small) => [small, small.toUpperCase()]).find((one) => (env[one] ?? "") !== "");
  return name === undefined ? undefined : { name, value: env[name] ?? "" };
}

/** The address of a proxy; empty for none. No message shows it: it may hold a password. */
function readProxy(env: Readonly<Record<string, string>>, variable: string): string {
  const found = valueOf(env, variable, "all_proxy");
  if (found === undefined) return "";
  const { name, value } = found;
  const address = value.includes("://") ? value : `http://${value}`;
  const proxy = URL.canParse(address) ? new URL(address) : undefined;
  if (proxy !== undefined && /^https?:$/.test(proxy.protocol)) {
    proxy.pathname = "";
    return proxy.href;
  }
  const why = proxy === undefined ? "is not an address" : `has the scheme \`${proxy.protocol}//\``;
  throw new BuildError("usage", `The proxy in ${name} ${why}: expected \`http://HOST:PORT\` or \`https://HOST:PORT\`.`, {
    hint: `${variable}=http://HOST:PORT, or no_proxy='*' for no proxy`,
  });
}
