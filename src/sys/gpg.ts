import { basename } from "node:path";
import { BuildError } from "../errors.ts";
import { exec, type ExecResult, type Host } from "./exec.ts";
import { runTask } from "./run-task.ts";

/** A secret key in gpg's keyring. */
export interface Signer {
  readonly fingerprint: string;
}

export interface GpgOptions {
  readonly host: Host;
}

/**
 * Finds the secret key of a name (fingerprint, id or mail address). Throws "machine" unless there
 * is exactly one.
 */
export async function findSigner(key: string, options: GpgOptions): Promise<Signer> {
  const listed = await gpg(`find the key ${key}`, ["--with-colons", "--list-secret-keys", "--", key], options);
  // gpg's doc/DETAILS: after a `sec` row, the tenth field of the `fpr` row is the fingerprint.
  const rows = listed.stdout.split("\n").map((row) => row.split(":"));
  const found = rows.flatMap((row, index) =>
    row[0] === "sec" ? [rows.slice(index).find(([kind]) => kind === "fpr")?.[9] ?? ""] : [],
  );
  const [fingerprint] = found;
  if (fingerprint !== undefined && found.length === 1) return { fingerprint };
  const what = found.length === 0 ? "gpg has no secret key" : `gpg has ${found.length} secret keys (${found.join(", ")})`;
  throw new BuildError("machine", `${what} named \`${key}\`.`, { hint: "gpg --list-secret-keys" });
}

/**
 * Writes `file` with a signature around it to `out` (gpg(1), `--clearsign`). Throws "machine" with
 * gpg's message.
 */
export async function clearSign(file: string, out: string, signer: Signer, options: GpgOptions): Promise<void> {
  await sign(["--clearsign"], file, out, signer, options);
}

/**
 * Writes an armored signature of `file` to `out` (gpg(1), `--detach-sign`). Throws "machine" with
 * gpg's message.
 */
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
  const result = await gpg(`sign ${basename(file)}`, args, options);
  if (result.exitCode !== 0) throw new BuildError("machine", `gpg could not sign ${file}: ${result.stderr.trim()}`);
}

/** True when a file has a good signature of that key, in itself or in a second file. */
export async function isSignedBy(signer: Signer, files: readonly string[], options: GpgOptions): Promise<boolean> {
  const result = await gpg(
    `verify the signature of ${basename(files[0] ?? "")}`,
    ["--status-fd", "1", "--verify", "--", ...files.toReversed()],
    options,
  );
  // The last field of VALIDSIG is the primary key's fingerprint, whichever subkey signed.
  const valid = /^\[GNUPG:\] VALIDSIG .*$/m.exec(result.stdout)?.[0].split(" ").at(-1);
  return result.exitCode === 0 && valid === signer.fingerprint;
}

/**
 * Runs gpg as a task, because a key on a card takes its time. gpg starts its agent when it needs it,
 * and the agent keeps running.
 */
async function gpg(title: string, args: readonly string[], options: GpgOptions): Promise<ExecResult> {
  return runTask(options.host, title, async (host) =>
    exec("gpg", ["--batch", "--no-tty", ...args], { host, env: { LC_ALL: "C" }, startsServices: true }),
  );
}
