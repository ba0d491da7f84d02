import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { formsOf } from "./secret-forms.ts";
import { secretsIn, withoutShapes } from "./secret-shapes.ts";

/** Removes secrets from a text. */
export interface Mask {
  (text: string): string;
  /** Masks a value from now on, such as the password of an address. Short ones stay. */
  readonly add: (secret: string) => void;
}

/** A variable with such a name holds a secret, at whatever place the words are. */
const secretName =
  /TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|AUTHORIZATION|WEBHOOK|COOKIE|BEARER|KEYS?$|(?:API|PRIVATE|ACCESS|SIGNING)_?KEY/i;
/** Shorter words that name a secret only between marks, such as `GH_PAT` and `npm_config__auth`. */
const secretWord = /(?:^|[^A-Z0-9])(?:PAT|AUTH|PASS|PWD|KEY|JWT|DSN|CREDS?)(?![A-Z0-9])/i;
/** A variable with such a name says where something is. */
const placeName = /(?:DIR|DIRECTORY|FILE|PATH|HOME|SOCK)S?$|^(?:OLD)?PWD$/i;
/** Characters. Masking shorter values would also mask ordinary words. */
const shortest = 8;

/**
 * Makes the function that masks secrets in a text: the values of variables with the name of a
 * secret, such as `GITHUB_TOKEN`, also as base64, in an address and in JSON; line by line; and what
 * has the shape of a secret, such as the user and password of an address.
 */
export function makeMask(env: Readonly<Record<string, string | undefined>>): Mask {
  let secrets: readonly string[] = [];
  const add = (...values: readonly string[]) => {
    const lines = values.flatMap((value) => [value.trim(), ...value.split(/\r?\n/).map((line) => line.trim())]);
    const forms = lines.filter((line) => line.length >= shortest).flatMap(formsOf);
    secrets = [...new Set([...secrets, ...forms])].toSorted((a, b) => b.length - a.length);
  };
  add(...Object.entries(env).flatMap(([name, value = ""]) => secretsOf(name, value)));
  const mask = (text: string) => withoutShapes(secrets.reduce((masked, secret) => masked.replaceAll(secret, "***"), text));
  return Object.assign(mask, { add: (secret: string) => add(secret) });
}

/** True when a variable holds a secret, or an address with one. */
export function holdsSecret(name: string, value: string): boolean {
  return secretsOf(name, value).length > 0;
}

/** True when a variable is a secret by its name, and not the place of one. */
export function isSecret(name: string, value: string): boolean {
  return isSecretName(name) && !placeName.test(name) && !(isAbsolute(value) && existsSync(value));
}

function secretsOf(name: string, value: string): readonly string[] {
  // The address of a proxy needs no scheme.
  const inside = secretsIn(/_proxy$/i.test(name) && !value.includes("://") ? `http://${value}` : value);
  if (!isSecret(name, value)) return inside;
  return [value, ...inside, ...secretLeaves(value), ...secretOfLogin(value)];
}

/** The secret in `Bearer SECRET`, and in base64 of `USER:SECRET`. */
function secretOfLogin(value: string): readonly string[] {
  const [, bare = value] = /^(?:basic|bearer|token)\s+(.*)$/is.exec(value) ?? [];
  const [, password = ""] = /^[ -~]*?:([ -~]+)$/.exec(Buffer.from(bare, "base64").toString()) ?? [];
  return [bare, password];
}

function isSecretName(name: string): boolean {
  return secretName.test(name) || secretWord.test(name);
}

/** The secrets in a variable that holds JSON, such as the `private_key` of a service account. */
function secretLeaves(value: string): readonly string[] {
  if (!value.trimStart().startsWith("{")) return [];
  const found: string[] = [];
  try {
    JSON.parse(value, (name, inner: unknown) => {
      if (typeof inner === "string" && isSecretName(name)) found.push(inner);
      return inner;
    });
  } catch {
    // Not JSON, but a secret that starts like it.
  }
  return found;
}
