import type { Dispatcher, RequestInit, Response } from "undici";
import { BuildError } from "../errors.ts";
import { isLoopback } from "./loopback.ts";
import { readAnswer } from "./read-answer.ts";

/**
 * A request's body, opened when it is sent. A piece may be valid only until the next one is asked
 * for: that happens when the server has taken it.
 */
export type Body = () => AsyncIterable<Uint8Array>;

export interface FetchInit extends Omit<RequestInit, "body" | "dispatcher"> {
  readonly body?: string | Body | undefined;
  /** The most bytes of the answer; default: 32 MiB. */
  readonly most?: number;
  /** Called with the size of each piece of the answer. */
  readonly onPiece?: (bytes: number) => void;
}

/** Far more than GitHub answers: a hundred releases with the longest notes have 15 MB. */
const usualMost = 32 * 1024 * 1024;

/**
 * Node's `fetch` for http and https, with proxies, and with request bodies of any size. It reads the
 * whole answer, which has a limit.
 */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>;

/**
 * Makes a `fetch` that goes through the proxies of the environment as curl and git do: `http_proxy`
 * for http, `https_proxy` for https, else `all_proxy`, and none for the hosts in `no_proxy`. Capital
 * letters count too; where both are set, small ones win. What goes to this machine without TLS goes
 * to no proxy, which would read it. What it throws says the reason. Throws
 * "usage" for a proxy that it cannot use, and "network" for one that refuses.
 */
export async function openFetch(env: Readonly<Record<string, string>>): Promise<Fetch> {
  const { Agent, EnvHttpProxyAgent, fetch, request, Response } = await import("undici");
  const noProxy = valueOf(env, "no_proxy")?.value ?? "";
  // undici would use `http_proxy` for https as well. Each agent has one proxy, for both.
  const through = (name: string) => {
    const proxy = readProxy(env, name);
    // Plain http needs no tunnel, and many proxies allow tunnels to port 443 only.
    return new EnvHttpProxyAgent({ httpProxy: proxy, httpsProxy: proxy, noProxy, proxyTunnel: false });
  };
  const [plain, secure] = [through("http_proxy"), through("https_proxy")];
  const direct = new Agent();
  const dispatcher = plain.compose((dispatch) => (options, handler) => {
    const { protocol, hostname } = new URL(String(options.origin));
    if (protocol === "https:") return secure.dispatch(options, handler);
    return isLoopback(hostname) ? direct.dispatch(options, handler) : dispatch(options, handler);
  });
  const whole = async (url: string, { status, headers, body }: Answer, { most = usualMost, onPiece }: FetchInit) => {
    if (status === 407) throw refusedBy(env, url, status);
    const content = await readAnswer(body, url, { most, onPiece });
    // The standard allows no body for these.
    return new Response([204, 205, 304].includes(status) ? null : content, { status, headers });
  };
  /** `fetch` copies each piece of a body, which takes 30 MB more for four bodies at once. */
  const send = async (url: string, init: FetchInit, body: Body) => {
    const { method, headers, signal } = init;
    const options = { method, headers, signal, body: body(), dispatcher } as unknown as Dispatcher.RequestOptions;
    const { statusCode: status, headers: got, body: answer } = await request(url, options);
    return whole(url, { status, headers: Object.entries(got) as [string, string][], body: answer }, init);
  };
  const get = async (url: string, init: FetchInit, body: string | undefined) => {
    const answer = await fetch(url, { ...init, body: body ?? null, dispatcher });
    return whole(url, { status: answer.status, headers: [...answer.headers], body: answer.body }, init);
  };
  return (url, { body, ...init }) =>
    (typeof body === "function" ? send(url, init, body) : get(url, init, body)).catch((error: unknown) => {
      const reason = reasonOf(error);
      const status = statusOfProxy(reason);
      throw status === undefined ? reason : refusedBy(env, url, status);
    });
}

interface Answer {
  readonly status: number;
  readonly headers: [string, string][];
  readonly body: AsyncIterable<Uint8Array> | null;
}

/**
 * The status of a proxy that refuses, which undici has in its message only; undefined for what may
 * pass.
 */
function statusOfProxy(reason: unknown): number | undefined {
  const [, status] =
    (reason instanceof Error && /^Proxy (?:response|Authentication Required) \((4\d\d)\)/.exec(reason.message)) || [];
  return status === "408" || status === "429" || status === undefined ? undefined : Number(status);
}

function refusedBy(env: Readonly<Record<string, string>>, url: string, status: number): BuildError {
  const { protocol, host } = new URL(url);
  const variable = protocol === "https:" ? "https_proxy" : "http_proxy";
  const name = valueOf(env, variable, "all_proxy")?.name ?? variable;
  return new BuildError("network", `The proxy in ${name} refuses ${status === 407 ? "the login" : host}: status ${status}.`, {
    hint: `check the user and the password in ${name} (special characters as %XX), or no_proxy=${host} for no proxy`,
  });
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
