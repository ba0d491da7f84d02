import { createHash, createPrivateKey, sign, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer, request as send, type IncomingMessage } from "node:http";
import { createServer as createSocket, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";

/** False where Debian's packages docker-registry and skopeo are not installed. */
export const hasRegistry = existsSync("/usr/bin/docker-registry") && existsSync("/usr/bin/skopeo");

/** A login that the registry asks for. */
export const user = { name: "pat", password: "s3cret-of-registry" };
/** bcrypt of that password. */
const crypted = "$2b$04$5dchRgVhr8/5bOC3p2COGONtm3fXVW5PnvqAFpGzQtzIOSZlcFmOO";

export interface Registry extends AsyncDisposable {
  /** Such as `localhost:45678`. */
  readonly host: string;
  readonly port: number;
  /** Where it stores things. */
  readonly storage: string;
  /** Ends it, and starts it again on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * Starts Debian's docker-registry on a free port of the loopback address; `auth` is a part of its
 * configuration, and `password` makes it ask for `user`.
 */
export async function startRegistry(
  folder: string,
  options: { readonly password?: boolean; readonly auth?: object } = {},
): Promise<Registry> {
  const port = await freePort();
  const storage = join(folder, "registry");
  const passwords = join(folder, "htpasswd");
  await mkdir(storage, { recursive: true });
  await writeFile(passwords, `${user.name}:${crypted}\n`);
  const auth = options.password === true ? { htpasswd: { realm: "test", path: passwords } } : options.auth;
  const config = join(folder, "registry.yml");
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: "error", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${port}`, secret: "of the tests" },
      ...(auth === undefined ? {} : { auth }),
    }),
  );
  const serve = () => execa("/usr/bin/docker-registry", ["serve", config], { reject: false });
  let running: ReturnType<typeof serve> | undefined;
  const stop = async () => {
    running?.kill("SIGKILL");
    await running;
  };
  const start = async () => {
    running = serve();
    for (let tries = 0; tries < 200; tries++) {
      const found = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined);
      if (found !== undefined) return;
      await sleep(50);
    }
    throw new Error("docker-registry does not start");
  };
  await start();
  return {
    host: `localhost:${port}`,
    port,
    storage,
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(storage, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createSocket();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A request, and what a server in front of the registry does instead of passing it on. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  /** How many requests of this method and kind of path came before it. */
  readonly nth: number;
}
export type Instead =
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  /** Breaks the connection after so many bytes of the body. */
  | { readonly cutAfter: number };

/** Starts a server in front of a registry that passes on what `instead` does not take. */
export async function startFront({ port: to }: Registry, instead: (asked: Asked) => Instead | undefined) {
  const seen: string[] = [];
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const { method = "", url = "" } = request;
    seen.push(`${method} ${url}`);
    const kind = `${method} ${/blobs\/uploads|blobs|manifests|referrers|$/.exec(url)?.[0]}`;
    const nth = counts.get(kind) ?? 0;
    counts.set(kind, nth + 1);
    const other = instead({ method, path: url, nth });
    if (other !== undefined && "cutAfter" in other) {
      void cut(request, other.cutAfter);
      return;
    }
    if (other !== undefined) {
      response.writeHead(other.status, { "content-type": "application/json", ...other.headers }).end(other.body ?? "{}");
      return;
    }
    const onward = send({ host: "127.0.0.1", port: to, method, path: url, headers: request.headers });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    for (const side of [onward, request]) side.on("error", () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    host: `localhost:${port}`,
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function cut(request: IncomingMessage, after: number): Promise<void> {
  const { socket } = request;
  let count = 0;
  request.on("error", () => undefined);
  if (after > 0)
    for await (const piece of request) {
      count += (piece as Buffer).length;
      if (count >= after) break;
    }
  socket.destroy();
}

/** A server that gives tokens for a login, and the registry's configuration that asks it. */
export async function startTokens(folder: string, rights: readonly string[] = ["pull", "push"]) {
  const [key, cert] = [join(folder, "token.key"), join(folder, "token.crt")];
  await execa("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=tokens", "-keyout", key, "-out", cert]);
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://localhost");
    const login = Buffer.from((request.headers.authorization ?? "").replace("Basic ", ""), "base64").toString();
    seen.push(
      `${login === "" ? "nobody" : login.split(":")[0]} ${url.searchParams.get("service")} ${url.searchParams.get("scope")}`,
    );
    if (login !== "" && login !== `${user.name}:${user.password}`) {
      response.writeHead(401).end('{"errors":[{"code":"UNAUTHORIZED","message":"wrong password"}]}');
      return;
    }
    const [, type, name] = /^([^:]+):(.+):[^:]*$/.exec(url.searchParams.get("scope") ?? "") ?? [];
    const access = [{ type, name, actions: login === "" ? [] : rights }];
    response.end(JSON.stringify({ token: makeToken(access) }));
  });
  const makeToken = (access: object): string => {
    const x5c = [new X509Certificate(readFileSync(cert)).raw.toString("base64")];
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: "tokens", aud: "registry", sub: "pat", exp: now + 300, nbf: now - 10, iat: now, jti: `${now}`, access };
    const text = [{ typ: "JWT", alg: "RS256", x5c }, claims]
      .map((one) => Buffer.from(JSON.stringify(one)).toString("base64url"))
      .join(".");
    return `${text}.${sign("sha256", Buffer.from(text), createPrivateKey(readFileSync(key))).toString("base64url")}`;
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    auth: { token: { realm: `http://127.0.0.1:${port}/token`, service: "registry", issuer: "tokens", rootcertbundle: cert } },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The sha256 of a text, as a registry names it. */
export function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
