import { basename } from "node:path";
import { BuildError, withDetails } from "../errors.ts";
import { exec, type ExecOptions, type ExecResult, type Host, MissingProgram } from "./exec.ts";
import { runTask } from "./run-task.ts";

/** A secret key that signs: a primary key or a subkey, and no other key of the keyring. */
export interface Signer {
  readonly fingerprint: string;
  /** The primary key that it belongs to, or is. */
  readonly primary: string;
}

export interface GpgOptions {
  readonly host: Host;
}

/** A text with a signature around it (gpg(1), `--clearsign`). Throws "machine" with gpg's message. */
export async function clearSign(text: string, signer: Signer, options: GpgOptions): Promise<string> {
  return signText(["--clearsign"], text, signer, options);
}

/** An armored signature of a text (gpg(1), `--detach-sign`). Throws "machine" with gpg's message. */
export async function signatureOf(text: string, signer: Signer, options: GpgOptions): Promise<string> {
  return signText(["--armor", "--detach-sign"], text, signer, options);
}

/**
 * Writes an armored signature of `file` to `out` (gpg(1), `--detach-sign`). Throws "machine" with
 * gpg's message.
 */
export async function detachSign(file: string, out: string, signer: Signer, options: GpgOptions): Promise<void> {
  await sign(basename(file), ["--yes", "--output", out, "--armor", "--detach-sign", "--", file], signer, options);
}

/** What each key has signed: a key on a card that wants a touch is asked once for a text. */
const signed = new WeakMap<Signer, Map<string, Promise<string>>>();

/** Signs a text, once. */
async function signText(how: readonly string[], text: string, signer: Signer, options: GpgOptions): Promise<string> {
  const known = signed.get(signer) ?? new Map<string, Promise<string>>();
  signed.set(signer, known);
  const key = JSON.stringify([how, text]);
  const made = known.get(key) ?? sign("Release", how, signer, { ...options, input: text });
  known.set(key, made);
  return made;
}

/** What gpg's status lines name when a key has a passphrase that nobody gives (its doc/DETAILS). */
const asksPassphrase = /^\[GNUPG:\] (NEED_PASSPHRASE|PINENTRY_LAUNCHED) /m;
/** gpg-error's codes for it: bad passphrase, no pinentry, canceled, no passphrase, fully canceled. */
const lockedCodes = new Set([11, 85, 99, 177, 198]);

async function sign(
  what: string,
  args: readonly string[],
  { fingerprint }: Signer,
  options: GpgOptions & { readonly input?: string },
): Promise<string> {
  // Without `!`, gpg would take the newest subkey.
  const how = ["--status-fd", "2", "--digest-algo", "SHA512", "--local-user", `${fingerprint}!`];
  const { exitCode, stdout, stderr } = await gpg(`sign ${what}`, [...how, ...args], options);
  if (exitCode === 0) return stdout;
  const code = Number(/^\[GNUPG:\] FAILURE \S+ (\d+)/m.exec(stderr)?.[1] ?? 0) % 0x1_00_00;
  if (asksPassphrase.test(stderr) || lockedCodes.has(code))
    throw new BuildError("machine", `Key ${fingerprint} is locked: gpg needs its passphrase, and got none.`, {
      hint: 'without a terminal, give gpg the passphrase first: docs/releasing.md, "How do I sign in CI?"',
    });
  const message = stderr.split("\n").filter((line) => !line.startsWith("[GNUPG:]"));
  throw new BuildError("machine", `gpg could not sign ${what}: ${message.join("\n").trim()}`);
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
export async function gpg(
  title: string,
  args: readonly string[],
  { host, ...options }: GpgOptions & Pick<ExecOptions, "input">,
): Promise<ExecResult> {
  return runTask(host, title, async (below) =>
    exec("gpg", ["--batch", "--no-tty", ...args], { ...options, host: below, env: { LC_ALL: "C" }, startsServices: true }),
  ).catch((error: unknown) => {
    if (!(error instanceof MissingProgram)) throw error;
    throw withDetails(error, { hint: "apt-get install gpg gpg-agent" });
  });
}
