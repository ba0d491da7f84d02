import { resolve } from "node:path";
import { decoded, secretsIn } from "./secret-shapes.ts";

/** What a person gives in the address of a repository, and a server asks for. */
export interface Credentials {
  readonly username: string;
  /** Undefined for `https://NAME@HOST`: then it is what `GIT_ASKPASS` says, or empty. */
  readonly password: string | undefined;
}

/** `SOURCE=ADDRESS`, alone or as `--from=SOURCE=ADDRESS`, with a login for a web server. */
const withLogin = /^((?:--[\w-]+=)?[^-=:/][^=:/]*=)\s*((?:https?|ftps?):\/\/)([^/?#]*)@(.*)$/is;

/**
 * Takes user names, passwords and tokens out of addresses (`--from SOURCE=https://TOKEN@HOST/`), so
 * that nothing else sees them. Returns the arguments without, the credentials by address, and the
 * secrets in all arguments, to be masked.
 */
export function takeCredentials(args: readonly string[]): {
  readonly args: readonly string[];
  readonly credentials: ReadonlyMap<string, Credentials>;
  readonly secrets: readonly string[];
} {
  const credentials = new Map<string, Credentials>();
  const cleaned = args.map((arg) => {
    const [, option = "", scheme = "", login, rest = ""] = withLogin.exec(arg) ?? [];
    if (login === undefined) return arg;
    const address = `${scheme}${rest}`;
    const [username = "", password] = split(login).map(decoded);
    credentials.set(address, { username, password });
    return `${option}${address}`;
  });
  return { args: cleaned, credentials, secrets: args.flatMap(secretsIn) };
}

function split(login: string): readonly string[] {
  const colon = login.indexOf(":");
  return colon < 0 ? [login] : [login.slice(0, colon), login.slice(colon + 1)];
}

/**
 * Why a repository's address is refused, if it is. It is shown and published, so it must have
 * nothing secret; the reason does not quote it.
 */
export function addressFault(address: string): string | undefined {
  if (/\p{Cc}/u.test(address)) return "has control characters";
  const [, scheme, host = "", path = ""] = /^\s*(?:[\w+.-]+::)?([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/i.exec(address) ?? [];
  const noPassword = "has a password, but ssh takes none from an address; use a key";
  if (scheme === undefined) return /^[^/:]*:[^/:]*@[^/]*:/.test(address) ? noPassword : undefined;
  if (/^file$/i.test(scheme)) return undefined;
  const login = /^(.*)@/.exec(host)?.[1];
  if (/ssh/i.test(scheme)) {
    if (login?.includes(":") === true) return noPassword;
  } else if (login !== undefined) return "has a user name or a token, but addresses are published";
  if (/[?#]/.test(path)) return "has a query (`?`) or a fragment (`#`), which can hold a token";
  if (!/^[^:]*(:\d*)?$/.test(host.replaceAll(/^.*@|\[[^\]]*\]/g, "")))
    return "has a port that is not a number; in a password, write `/ ? # @` as `%2F %3F %23 %40`";
  return undefined;
}

/**
 * Makes a path absolute, because git runs in other folders; a URL (or host:path) stays as it is.
 * `folder` is what a relative path starts from, by default the current folder.
 */
export function urlOf(address: string, folder = ""): string {
  return /^[a-z+]+:\/\/|^[^/]+:/.test(address) ? address : resolve(folder, address);
}
