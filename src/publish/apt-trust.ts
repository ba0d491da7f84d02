import { join } from "node:path";
import { BuildError, UnusableFile } from "../errors.ts";
import { exists } from "../sys/files.ts";
import { verify, type Verdict } from "../sys/gpg-verify.ts";
import { errorCode } from "../sys/processes.ts";
import { readBytes } from "../sys/read-file.ts";
import { damaged, howToRepair, parseRelease, readIndex, readSuite, type Repairable, type Suite } from "./apt-suite.ts";
import type { YankOptions } from "./publisher.ts";

/** The files that hold a state: signed inside, and with a signature beside it. */
export const stateNames = { signed: "InRelease", plain: "Release", signature: "Release.gpg" } as const;

/** Where a suite is. */
export interface SuitePlace extends Repairable {
  /** The codename of a distribution, such as `bookworm`. */
  readonly name: string;
  /** The suite's folder. */
  readonly dir: string;
}

export function suitePlace(name: string, place: string, { signer }: Pick<YankOptions, "signer">): SuitePlace {
  return { name, place, key: signer?.fingerprint, dir: join(place, "dists", name) };
}

/** Reads a whole file; undefined when there is none. Throws "destination" for one that is not a file. */
export async function readIfThere(path: string, suite: Repairable): Promise<Buffer | undefined> {
  return readBytes(path, "an index of packages").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    if (error instanceof UnusableFile) throw damaged(error.message, suite);
    throw error;
  });
}

/** True when a key signed the suite at some time. */
export async function isSignedSuite({ dir }: SuitePlace): Promise<boolean> {
  return (await exists(join(dir, stateNames.signed))) || exists(join(dir, stateNames.signature));
}

/** What readers of a suite see. */
export interface Live extends Suite {
  /** The file, with its signature. */
  readonly bytes: Uint8Array;
  /** The primary key that signed it; undefined for nobody. */
  readonly key: string | undefined;
}

/**
 * Reads what readers of a suite see; undefined when it has no state yet. Of a signed suite only what
 * its key vouches for is believed. Throws "usage" when it is signed and nobody signs, "destination"
 * when the signature is not good, when it is not signed and somebody signs now, and when an index
 * is missing or damaged.
 */
export async function readLive(suite: SuitePlace, options: YankOptions): Promise<Live | undefined> {
  const { place, dir } = suite;
  const { signer } = options;
  const isSigned = await isSignedSuite(suite);
  if (isSigned && signer === undefined)
    throw new BuildError("usage", `Suite ${suite.name} of ${place} is signed: give a key.`, { hint: "--sign KEY" });
  const name = isSigned ? stateNames.signed : stateNames.plain;
  const bytes = await readIfThere(join(dir, name), suite);
  if (bytes === undefined && isSigned) throw damaged(`${join(dir, name)} is missing.`, suite);
  if (bytes === undefined) return undefined;
  if (!isSigned && signer !== undefined)
    throw new BuildError(
      "destination",
      `Suite ${suite.name} of ${place} is not signed: nothing vouches for what it has. \`publish --repair\` lists it, and signs what you accept.`,
      {
        hint: howToRepair(suite),
      },
    );
  const { key, text } =
    signer === undefined
      ? { key: undefined, text: bytes.toString() }
      : await assertSigned(join(dir, name), bytes, suite, options);
  return { ...(await parseState(text, suite, name)), bytes, key };
}

/** Reads a state that is not live; undefined when there is none that can be believed. */
export async function readPast(suite: SuitePlace, name: string, options: YankOptions): Promise<Live | undefined> {
  const bytes = await readIfThere(join(suite.dir, name), suite).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const { signer } = options;
  const found = signer === undefined ? { key: undefined, text: bytes.toString() } : await believe(bytes, undefined, options);
  if (found === undefined) return undefined;
  const { key, text } = found;
  return parseState(text, suite, name).then(
    (state) => ({ ...state, bytes, key }),
    (error: unknown) => {
      if (error instanceof BuildError) return undefined;
      throw error;
    },
  );
}

/** What a signature vouches for; undefined when it is not of a key that is believed. */
export async function believe(
  signed: Uint8Array,
  signature: Uint8Array | undefined,
  options: YankOptions,
): Promise<Good | undefined> {
  return ifBelieved(await verify(signed, signature, options), options);
}

type Good = Extract<Verdict, { readonly kind: "good" }>;

function ifBelieved(verdict: Verdict, { signer, formerKeys = [] }: YankOptions): Good | undefined {
  return verdict.kind === "good" && [signer?.primary, ...formerKeys].includes(verdict.key) ? verdict : undefined;
}

async function assertSigned(file: string, bytes: Uint8Array, suite: Repairable, options: YankOptions): Promise<Good> {
  const verdict = await verify(bytes, undefined, options);
  const good = ifBelieved(verdict, options);
  if (good !== undefined) return good;
  throw notBelieved(verdict, file, suite, options);
}

/** Why a state is not believed, and how to go on. */
function notBelieved(verdict: Verdict, file: string, suite: Repairable, { signer }: YankOptions): BuildError {
  const other = (what: string, hint: string) => new BuildError("destination", `${file} is signed with ${what}.`, { hint });
  switch (verdict.kind) {
    case "good":
      return other(
        `key ${verdict.key}, not with ${signer?.primary}`,
        `--change-key ${verdict.key}, if that key is yours and this one takes its place`,
      );
    case "unknown":
      return other(
        `key ${verdict.key}, which gpg does not have`,
        "gpg --import its public part; then, if it is yours, --change-key KEY",
      );
    case "revoked":
      return other(`key ${verdict.key}, which is revoked`, howToRepair(suite));
    case "wrong":
      return damaged(`${file} is not what was signed: it is damaged, or somebody changed it.`, suite);
    case "none":
  }
  return damaged(`${file} is damaged: it has no whole signature.`, suite);
}

async function parseState(text: string, suite: SuitePlace, name: string): Promise<Suite> {
  const { name: suiteName, dir } = suite;
  const file = join(dir, name);
  const fail = (what: string) => damaged(`${file} is damaged: ${what}.`, suite);
  const release = parseRelease(text, suiteName, fail);
  const read = async (index: Parameters<typeof readIndex>[1]) => {
    const found = await readIndex(dir, index);
    if (found !== undefined) return found;
    throw damaged(`${file} names ${join(dir, index.path)}, and every copy of it is missing or damaged.`, suite);
  };
  return readSuite(release, suiteName, read, fail);
}
