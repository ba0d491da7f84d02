import { BuildError } from "../errors.ts";
import type { Host } from "./exec.ts";
import { openFetch, type Body, type FetchInit } from "./fetch.ts";
import { firstLine, makePersist } from "./persist.ts";
import { findLogin, type Repository } from "./registry-login.ts";
import { findIt, refusal, RegistryFault, readErrors } from "./registry-refusal.ts";
import { makeAuthorize } from "./registry-token.ts";
import { watchProgress } from "./watch-progress.ts";

/** A request to a registry. */
export interface Request {
  /** What it does, for messages. */
  readonly what: string;
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  /**
   * A path below the repository, such as `manifests/1.12`, or an address that the registry named;
   * asked for before each attempt if it is a function.
   */
  readonly to: string | (() => Promise<string>);
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Body;
  /** Statuses that are answers and not refusals; others below 300 are refused too. */
  readonly accepts: readonly number[];
  /** The most attempts after temporary faults; default: 8. */
  readonly attempts?: number;
  /** Called before each attempt but the first; see `Work`. */
  readonly observe?: () => Promise<Answer | undefined>;
}

/** What a registry returned. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * Sends a request until it succeeds. After a temporary fault it says so and waits. Throws "network"
 * when it gives up, "destination" for a refusal. `task` shows the wait for an answer; default: the host's.
 */
export type Registry = (request: Request, task?: Host["task"]) => Promise<Answer>;

/**
 * Connects to a registry (https://github.com/opencontainers/distribution-spec), with the login that
 * docker and podman would use. Throws "network" when it cannot be reached, and "destination" when
 * it is not a registry.
 */
export async function openRegistry(repository: Repository, host: Host): Promise<Registry> {
  const { api, name, host: server } = repository;
  const fetch = await openFetch(host.env);
  const login = await findLogin(repository, host);
  const authorize = makeAuthorize({ repository, login, fetch, host });
  const persist = makePersist(host, {
    server,
    writePause: 0,
    readFault: (error) => readFault(error, host.mask),
    refusal: (what, fault, cause) => refusal({ what, fault, cause, repository, login }),
  });
  const send: Registry = async (request, task = host.task) => {
    const { what, method, to, headers, body, accepts, attempts, observe } = request;
    const watched = watchProgress(fetch, { what, signal: host.signal, task });
    const attempt = async () => {
      const url = new URL(typeof to === "string" ? to : await to(), `${api}/v2/${name}/`);
      const init: FetchInit = { method, body, redirect: "manual" };
      // A registry may have its uploads elsewhere; the login stays here.
      const isOwn = url.origin === new URL(api).origin;
      const once = async (authorization: string | undefined): Promise<Answer> => {
        const own = isOwn && authorization !== undefined ? { authorization } : {};
        const answer = await watched(url.href, { ...init, headers: { ...headers, ...own } }).catch(asFault);
        return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
      };
      const first = await once(await authorize());
      const challenge = first.headers["www-authenticate"];
      const answer = first.status === 401 && isOwn && challenge !== undefined ? await once(await authorize(challenge)) : first;
      if (accepts.includes(answer.status)) return answer;
      throw new RegistryFault({ status: answer.status, headers: answer.headers, message: readErrors(answer.text) });
    };
    return persist({ what, observe, isWrite: method !== "GET" && method !== "HEAD", attempts }, attempt);
  };
  // The first answer says whether this is a registry, and whether a login is needed.
  await send({ what: findIt, method: "GET", to: `${api}/v2/`, accepts: [200], attempts: firstAttempts });
  return send;
}

/** A name that is mistyped, and a server that is down, are reported in a few seconds. */
const firstAttempts = 3;

/** What a failed `fetch` means: no answer, or what the source of a body says. */
function asFault(cause: unknown): never {
  if (cause instanceof BuildError) throw cause;
  if (cause instanceof Error && cause.cause instanceof BuildError) throw cause.cause;
  throw new RegistryFault(
    { status: undefined, headers: {}, message: cause instanceof Error ? cause.message : String(cause) },
    cause,
  );
}

function readFault(error: unknown, mask?: (text: string) => string) {
  if (!(error instanceof RegistryFault)) throw error;
  return { ...error.fault, message: firstLine(error.fault.message, mask) };
}
