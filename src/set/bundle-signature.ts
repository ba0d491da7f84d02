import { BuildError } from "../errors.ts";
import { MissingProgram, type Host } from "../sys/exec.ts";
import { isFile } from "../sys/files.ts";
import { verifyFile, type Verdict } from "../sys/gpg-verify.ts";

/**
 * Verifies a bundle with the signature beside it, by the keys of the person's keyring, and says by
 * which; also says when nobody verified it. Throws "digest" when the bundle is not what was signed,
 * or the key is revoked.
 */
export async function checkSignature(bundle: string, host: Host): Promise<void> {
  const signature = `${bundle}.asc`;
  const verdict = (await isFile(signature)) ? await tryVerify(bundle, signature, host) : "it has no signature beside it";
  const unverified = (why: string) => host.task.notice(`${bundle} was not verified: ${why}.`);
  if (typeof verdict === "string") return unverified(verdict);
  if (verdict.kind === "unknown") return unverified(`gpg does not have key ${verdict.key}, which signed it`);
  if (verdict.kind === "good") return host.task.notice(`${bundle} is what key ${verdict.key} signed.`);
  const why =
    verdict.kind === "revoked" ? `is signed with key ${verdict.key}, which is revoked` : `is not what ${signature} signs`;
  throw new BuildError("digest", `${bundle} ${why}.`, {
    hint: `get both files again from where they were made; without ${signature} the bundle is not verified`,
  });
}

/** What gpg says, or why it cannot say anything. */
async function tryVerify(bundle: string, signature: string, host: Host): Promise<Verdict | string> {
  return verifyFile(bundle, signature, { host }).catch((error: unknown) => {
    if (!(error instanceof BuildError && error.cause instanceof MissingProgram)) throw error;
    return "gpg is not installed";
  });
}
