import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { detachSign, gpg, isSignedBy, type GpgOptions, type Signer } from "./gpg.ts";
import { withTempDir } from "./with-temp-dir.ts";

/** A primary key or a subkey, as `gpg --with-colons` lists it. */
interface Key {
  readonly isPrimary: boolean;
  readonly fingerprint: string;
  /** Why it cannot sign; undefined when it can. */
  readonly flaw: string | undefined;
  /** In seconds since 1970. */
  readonly created: number;
}

/**
 * Finds the one secret key of a name (fingerprint, id or mail address) that signs: the key that a
 * fingerprint or id names, else the one that gpg would take. Signs a trial text with it. Throws
 * "machine" with the reason when it cannot sign.
 */
export async function findSigner(name: string, options: GpgOptions): Promise<Signer> {
  const keys = await listKeys("--list-secret-keys", name, options);
  const [first, ...subkeys] = keys;
  if (first === undefined) throw await noSecretKey(name, options);
  const primaries = keys.filter((key) => key.isPrimary);
  if (primaries.length > 1) {
    const fingerprints = primaries.map((key) => key.fingerprint);
    throw new BuildError("machine", `gpg has ${primaries.length} secret keys (${fingerprints.join(", ")}) named \`${name}\`.`, {
      hint: `--sign ${fingerprints[0]}`,
    });
  }
  const key = choose([first, ...subkeys], name);
  if (key.flaw !== undefined)
    throw new BuildError("machine", `Key ${key.fingerprint} cannot sign: ${key.flaw}.`, { hint: remedy });
  const signer = { fingerprint: key.fingerprint, primary: primaries[0]?.fingerprint ?? key.fingerprint };
  await tryKey(signer, options);
  return signer;
}

/**
 * The primary keys that may have signed before: those of a name, or without one, all whose secret
 * part is in the keyring. Throws "machine" when there is none.
 */
export async function findFormerKeys(name: string | undefined, options: GpgOptions): Promise<readonly string[]> {
  const command = name === undefined ? "--list-secret-keys" : "--list-keys";
  const keys = (await listKeys(command, name, options)).filter((key) => key.isPrimary);
  if (keys.length > 0) return keys.map((key) => key.fingerprint);
  throw new BuildError("machine", name === undefined ? "gpg has no secret keys." : `gpg has no key named \`${name}\`.`, {
    hint: "gpg --import the public part of the key that signed before; --change-key KEY names it",
  });
}

const notForSigning = "it is not a key for signatures";
const remedy = "name another key (gpg --list-secret-keys), or renew an expired one (gpg --quick-set-expire FINGERPRINT 1y)";

/** The key that a fingerprint or id names exactly; else gpg's choice: the newest subkey that can sign. */
function choose(keys: readonly [Key, ...Key[]], name: string): Key {
  const digits = hexadecimal(name);
  const named = digits === undefined ? undefined : keys.find((key) => key.fingerprint.endsWith(digits));
  const [first, ...subkeys] = keys;
  // A primary key often only certifies, or its secret part is elsewhere; then a subkey signs for it.
  const isExact = name.endsWith("!") || (named !== undefined && (!named.isPrimary || named.flaw === undefined));
  if (isExact && named !== undefined) return named;
  const able = subkeys.filter((key) => key.flaw === undefined);
  // The one whose flaw says most.
  if (able.length === 0) return keys.find((key) => key.flaw !== notForSigning) ?? first;
  return able.reduce((newest, key) => (key.created > newest.created ? key : newest));
}

/** The digits of a fingerprint or key id, as gpg lets people write them; undefined for other names. */
function hexadecimal(name: string): string | undefined {
  const digits = name.replace(/^0x/i, "").replaceAll(/\s|!$/g, "").toUpperCase();
  return /^[0-9A-F]{8,64}$/.test(digits) ? digits : undefined;
}

/** gpg's doc/DETAILS: after the row of a key, the tenth field of the `fpr` row is its fingerprint. */
async function listKeys(command: string, name: string | undefined, options: GpgOptions): Promise<readonly Key[]> {
  if (name === "") return [];
  const names = name === undefined ? [] : ["--", name];
  const listed = await gpg(`find the key ${name ?? "of the repository"}`, ["--with-colons", command, ...names], options);
  const rows = listed.stdout.split("\n").map((row) => row.split(":"));
  const primary = rows.find(([kind]) => kind === "sec");
  return rows.flatMap((row, index) => {
    const [kind = "", , , , , created] = row;
    if (!["sec", "ssb", "pub", "sub"].includes(kind)) return [];
    const fingerprint = rows.slice(index).find(([next]) => next === "fpr")?.[9] ?? "";
    const isPrimary = kind === "sec" || kind === "pub";
    const flaw = (primary === undefined || isPrimary ? undefined : unusable(primary)) ?? flawOf(row);
    return [{ isPrimary, fingerprint, flaw, created: Number(created) }];
  });
}

function flawOf(row: readonly string[]): string | undefined {
  const [abilities = "", secret = ""] = [row[11], row[14]];
  const flaw = unusable(row);
  if (flaw !== undefined) return flaw;
  if (!abilities.includes("s")) return notForSigning;
  return secret === "#" ? "its secret part is not in this keyring" : undefined;
}

/** Why neither this key nor its subkeys may be used. */
function unusable(row: readonly string[]): string | undefined {
  const [validity = "", expires = "", abilities = ""] = [row[1], row[6], row[11]];
  if (validity === "r") return "it is revoked";
  if (validity === "e") return `it expired on ${new Date(Number(expires) * 1000).toISOString().slice(0, 10)}`;
  if (validity === "i") return "it is invalid";
  return abilities.includes("D") ? "it is disabled" : undefined;
}

async function noSecretKey(name: string, options: GpgOptions): Promise<BuildError> {
  const [known] = await listKeys("--list-keys", name, options);
  const only = known === undefined ? "" : `: it has only the public part of ${known.fingerprint}`;
  // Without its agent, gpg has no secret keys.
  const { exitCode, stderr } = await gpg("list the secret keys", ["--list-secret-keys"], options);
  const agent = stderr.split("\n").find((line) => line.includes("agent"));
  if (exitCode !== 0 && agent !== undefined)
    return new BuildError("machine", `gpg cannot use its agent: ${agent}`, {
      hint: "apt-get install gpg-agent; the path of GNUPGHOME must be short (about 100 characters at most)",
    });
  return new BuildError("machine", `gpg has no secret key named \`${name}\`${only}.`, {
    hint: "gpg --list-secret-keys; in CI import it first: gpg --batch --import FILE (GNUPGHOME says where to)",
  });
}

/** Finds out whether the key is locked, or cannot sign for any other reason. */
async function tryKey(signer: Signer, options: GpgOptions): Promise<void> {
  await withTempDir(join(tmpdir(), "kovn-sign-"), async (dir) => {
    const [text, signature] = [join(dir, "trial"), join(dir, "trial.asc")];
    await writeFile(text, "kovn-build\n");
    await detachSign(text, signature, signer, options);
    if (await isSignedBy(signer, [text, signature], options)) return;
    throw new BuildError("machine", `gpg rejects the trial signature that it made with key ${signer.fingerprint}.`, {
      hint: remedy,
    });
  });
}
