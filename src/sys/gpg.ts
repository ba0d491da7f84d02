import { BuildError } from "../errors.ts";
import { exec, type ExecResult, type Host } from "./exec.ts";

/** A secret key that gpg has: its fingerprint. */
export interface Signer {
  readonly fingerprint: string;
}

export interface GpgOptions {
  readonly host: Host;
}

/** Finds the one secret key of that name (fingerprint, id, mail address). Throws "machine" when there is none, or more than one. */
export async function findSigner(key: string, options: GpgOptions): Promise<Signer> {
  const listed = await gpg(["--with-colons", "--list-secret-keys", "--", key], options);
  // gpg's doc/DETAILS: a `sec` row, then the fingerprint of that key in the tenth field of `fpr`.
  const rows = listed.stdout.split("\n").map((row) => row.split(":"));
  const found = rows.flatMap((row, index) =>
    row[0] === "sec" ? [rows.slice(index).find(([kind]) => kind === "fpr")?.[9] ?? ""] : [],
  );
  const [fingerprint] = found;
  if (fingerprint !== undefined && found.length === 1) return { fingerprint };
  const what = found.length === 0 ? "gpg has no secret key" : `gpg has ${found.length} secret keys (${found.join(", ")})`;
  throw new BuildError("machine", `${what} of the name \`${key}\`.`, { hint: "gpg --list-secret-keys" });
}

/** Writes `file` with a signature around it to `out` (gpg(1) `--clearsign`). Throws "machine" with what gpg said. */
export async function clearSign(file: string, out: string, signer: Signer, options: GpgOptions): Promise<void> {
  await sign(["--clearsign"], file, out, signer, options);
}

/** Writes an armoured signature of `file` to `out` (gpg(1) `--detach-sign`). Throws "machine" with what gpg said. */
export async function detachSign(file: string, out: string, signer: Signer, options: GpgOptions): Promise<void> {
  await sign(["--armor", "--detach-sign"], file, out, signer, options);
}

async function sign(
  how: readonly string[],
  file: string,
  out: string,
  { fingerprint }: Signer,
  options: GpgOptions,
): Promise<void> {
  const args = ["--yes", "--digest-algo", "SHA512", "--local-user", fingerprint, "--output", out, ...how, "--", file];
  const result = await gpg(args, options);
  if (result.exitCode !== 0) throw new BuildError("machine", `gpg could not sign ${file}: ${result.stderr.trim()}`);
}

/** True when a file (with its detached signature, if it has one) carries a good signature of that key. */
export async function isSignedBy(signer: Signer, files: readonly string[], options: GpgOptions): Promise<boolean> {
  const result = await gpg(["--status-fd", "1", "--verify", "--", ...files.toReversed()], options);
  // The last field of VALIDSIG is the primary key's fingerprint, whichever subkey signed.
  const valid = /^\[GNUPG:\] VALIDSIG .*$/m.exec(result.stdout)?.[0].split(" ").at(-1);
  return result.exitCode === 0 && valid === signer.fingerprint;
}

/** Its agent is started as it is needed, and lives on. */
async function gpg(args: readonly string[], options: GpgOptions): Promise<ExecResult> {
  return exec("gpg", ["--batch", "--no-tty", ...args], { ...options, env: { LC_ALL: "C" }, startsServices: true });
}
