import { join } from "node:path";
import { z } from "zod";
import { BuildError, refusalOf } from "../errors.ts";
import { exec, type Host, MissingProgram } from "./exec.ts";
import { exists } from "./files.ts";
import { readText } from "./read-file.ts";

/** A repository of a registry. */
export interface Repository {
  /** As a person names it, such as `registry.example.com` or `localhost:5000`. */
  readonly host: string;
  /** Where its API is, such as `https://registry.example.com`. */
  readonly api: string;
  /** Such as `kubeovn/packages`. */
  readonly name: string;
}

/** What a person logged in with; `from` is the file or variable that says it, for messages. */
export type Login = { readonly from: string } & (
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  | { readonly kind: "token"; readonly token: string }
);

const entrySchema = z.object({
  auth: z.string().exactOptional(),
  username: z.string().exactOptional(),
  password: z.string().exactOptional(),
  identitytoken: z.string().exactOptional(),
});

/** What docker and podman write (docker-login(1), containers-auth.json(5)). */
const configSchema = z.object({
  auths: z.record(z.string(), entrySchema).default({}),
  credHelpers: z.record(z.string(), z.string()).default({}),
  credsStore: z.string().exactOptional(),
});

const storedSchema = z.object({ Username: z.string(), Secret: z.string() });

/**
 * Finds the login for a repository where `docker login`, `podman login` and `skopeo login` leave it,
 * also in their credential helpers; undefined if there is none. It is a secret from then on. Throws
 * "usage" for a file that cannot be read, "machine" for a helper that is not installed.
 */
export async function findLogin(repository: Repository, host: Host): Promise<Login | undefined> {
  const env = host.userEnv ?? host.env;
  for (const { from, read } of places(env)) {
    const text = await read();
    const login = text === undefined ? undefined : await loginIn(parse(text, from), from, repository, host);
    if (login === undefined) continue;
    host.hide?.(login.kind === "token" ? login.token : login.password);
    return login;
  }
  return undefined;
}

interface Place {
  readonly from: string;
  readonly read: () => Promise<string | undefined>;
}

/** Where logins are, the first before the others. */
function places(env: Readonly<Record<string, string>>): readonly Place[] {
  const { DOCKER_AUTH_CONFIG: inline = "", REGISTRY_AUTH_FILE: only = "", XDG_RUNTIME_DIR: run = "" } = env;
  const home = env["HOME"] ?? env["USERPROFILE"] ?? "";
  const file = (path: string, isNamed = false): Place => ({
    from: path,
    read: async () => (isNamed || (await exists(path)) ? readConfig(path) : undefined),
  });
  const docker = env["DOCKER_CONFIG"] ?? (home && join(home, ".docker"));
  return [
    ...(inline === "" ? [] : [{ from: "DOCKER_AUTH_CONFIG", read: async () => inline }]),
    ...(only === ""
      ? [
          ...(run === "" ? [] : [file(join(run, "containers/auth.json"))]),
          ...(home === "" ? [] : [file(join(home, ".config/containers/auth.json"))]),
          ...(docker === "" ? [] : [file(join(docker, "config.json"))]),
        ]
      : [file(only, true)]),
  ];
}

async function readConfig(path: string): Promise<string> {
  return readText(path, "a manifest").catch((cause: unknown) => {
    const why = refusalOf(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    throw new BuildError("usage", `The logins in ${path} cannot be read: ${why}.`, { cause });
  });
}

function parse(text: string, from: string): z.infer<typeof configSchema> {
  try {
    return configSchema.parse(JSON.parse(text));
  } catch {
    // Its text, which an error may quote, has secrets.
    throw new BuildError("usage", `${from} is not a file of logins, as docker and podman write it.`, {
      hint: "docker login HOST or podman login HOST writes it again",
    });
  }
}

async function loginIn(
  { auths, credHelpers, credsStore }: z.infer<typeof configSchema>,
  from: string,
  { host: server, name }: Repository,
  host: Host,
): Promise<Login | undefined> {
  const helper = credHelpers[server];
  if (helper !== undefined) return askHelper(helper, server, from, host);
  // podman takes logins for a part of a registry; the longest name goes first.
  const parts = name.split("/").map((_, index, all) => [server, ...all.slice(0, all.length - index)].join("/"));
  for (const wanted of [...parts, server]) {
    const [key, entry] = Object.entries(auths).find(([one]) => nameOf(one) === nameOf(wanted)) ?? [];
    const login = entry === undefined ? undefined : readEntry(entry, from);
    if (login !== undefined) return login;
    if (credsStore !== undefined && (key !== undefined || wanted === server)) {
      const stored = await askHelper(credsStore, key ?? (server === "docker.io" ? dockerKey : server), from, host);
      if (stored !== undefined) return stored;
    }
  }
  return undefined;
}

/** The registry that a key of `auths` is for: some have a scheme and a version of the API. */
function nameOf(key: string): string {
  const bare = key.replace(/^https?:\/\//, "").replace(/\/(?:v[12]\/?)?$/, "");
  return bare === "index.docker.io" || bare === "registry-1.docker.io" ? "docker.io" : bare;
}

/** The name under which docker stores logins for its own registry. */
const dockerKey = "https://index.docker.io/v1/";

function readEntry({ auth = "", username, password, identitytoken: token = "" }: z.infer<typeof entrySchema>, from: string) {
  if (token !== "") return { kind: "token", token, from } as const;
  const text = auth === "" ? `${username ?? ""}:${password ?? ""}` : Buffer.from(auth, "base64").toString();
  const colon = text.indexOf(":");
  if (colon < 1) return undefined;
  return { kind: "password", user: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, ""), from } as const;
}

/** Asks a program that stores logins (https://github.com/docker/docker-credential-helpers). */
async function askHelper(helper: string, key: string, from: string, host: Host): Promise<Login | undefined> {
  const program = `docker-credential-${helper}`;
  const env = host.userEnv ?? {};
  const { exitCode, stdout } = await exec(program, ["get"], { host, env, input: `${key}\n`, timeout: helperTimeout }).catch(
    (cause: unknown) => {
      if (!(cause instanceof MissingProgram)) throw cause;
      throw new BuildError("machine", `${program}, which ${from} names, is not installed.`, {
        cause,
        hint: `install it, or log in where it is not needed: DOCKER_AUTH_CONFIG`,
      });
    },
  );
  // It has none for this registry.
  if (exitCode !== 0) return undefined;
  const stored = readStored(stdout);
  if (stored === undefined)
    throw new BuildError("machine", `${program}, which ${from} names, returned something that is not a login.`);
  const { Username: user, Secret: secret } = stored;
  if (secret === "") return undefined;
  const by = `${program} (${from})`;
  return user === "<token>" ? { kind: "token", token: secret, from: by } : { kind: "password", user, password: secret, from: by };
}

/** Milliseconds. */
const helperTimeout = 60_000;

function readStored(text: string): z.infer<typeof storedSchema> | undefined {
  try {
    return storedSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
