import { basename } from "node:path";
import { BuildError, withDetails } from "../errors.ts";
import { exec, type ExecResult, type Host } from "./exec.ts";
import { runTask } from "./run-task.ts";

/** A secret key that signs: a primary key or a subkey, and no other key of the keyring. */
export interface Signer {
  readonly fingerprint: string;
}

export interface GpgOptions {
  readonly host: Host;
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

/** What gpg's status lines name when a key has a passphrase that nobody gives (its doc/DETAILS). */
const asksPassphrase = /^\[GNUPG:\] (NEED_PASSPHRASE|PINENTRY_LAUNCHED) /m;
/** gpg-error's codes for it: bad passphrase, no pinentry, canceled, no passphrase, fully canceled. */
const lockedCodes = new Set([11, 85, 99, 177, 198]);

async function sign(
  how: readonly string[],
  file: string,
  out: string,
  { fingerprint }: Signer,
  options: GpgOptions,
): Promise<void> {
  // Without `!`, gpg would take the newest subkey.
  const user = `${fingerprint}!`;
  const args = ["--yes", "--digest-algo", "SHA512", "--local-user", user, "--output", out, ...how, "--", file];
  const { exitCode, stdout, stderr } = await gpg(`sign ${basename(file)}`, ["--status-fd", "1", ...args], options);
  if (exitCode === 0) return;
  const code = Number(/^\[GNUPG:\] FAILURE \S+ (\d+)/m.exec(stdout)?.[1] ?? 0) % 0x1_00_00;
  if (asksPassphrase.test(stdout) || lockedCodes.has(code))
    throw new BuildError("machine", `Key ${fingerprint} is locked: gpg needs its passphrase, and got none.`, {
      hint: 'without a terminal, give gpg the passphrase first: docs/releasing.md, "How do I sign in CI?"',
    });
  throw new BuildError("machine", `gpg could not sign ${file}: ${stderr.trim()}`);
}

/** True when a file has a good signature of exactly that key, in itself or in a second file. */
export async function isSignedBy(signer: Signer, files: readonly string[], options: GpgOptions): Promise<boolean> {
  const { exitCode, stdout } = await gpg(
    `verify the signature of ${basename(files[0] ?? "")}`,
    ["--status-fd", "1", "--verify", "--", ...files.toReversed()],
    options,
  );
  // A good signature of an expired or revoked key has another word, and apt refuses it.
  const isGood = /^\[GNUPG:\] GOODSIG /m.test(stdout);
  const [, fingerprint] = /^\[GNUPG:\] VALIDSIG (\S+) /m.exec(stdout) ?? [];
  return exitCode === 0 && isGood && fingerprint === signer.fingerprint;
}

/**
 * Runs gpg without questions, as a task, because a key on a card takes its time. gpg starts its agent
 * when it needs it, and the agent keeps running.
 */
export async function gpg(title: string, args: readonly string[], options: GpgOptions): Promise<ExecResult> {
  return runTask(options.host, title, async (host) =>
    exec("gpg", ["--batch", "--no-tty", ...args], { host, env: { LC_ALL: "C" }, startsServices: true }),
  ).catch((error: unknown) => {
    if (!(error instanceof BuildError) || error.code !== "machine") throw error;
    throw withDetails(error, { hint: "apt-get install gpg gpg-agent" });
  });
}
