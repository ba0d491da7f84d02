import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gpg, type GpgOptions } from "./gpg.ts";
import { readText } from "./read-file.ts";
import { withTempDir } from "./with-temp-dir.ts";

/** What gpg says about a signature. Keys are primary keys, and key ids where gpg has no key. */
export type Verdict =
  /** The signature is good, and so is its key; an expired key made it before. */
  | { readonly kind: "good"; readonly key: string; readonly text: string }
  /** gpg does not have the key. */
  | { readonly kind: "unknown"; readonly key: string }
  | { readonly kind: "revoked"; readonly key: string }
  /** Something else was signed. */
  | { readonly kind: "wrong" }
  /** There is no signature, or only a part of one. */
  | { readonly kind: "none" };

/** Digests that a signature may be made of (RFC 9580, 9.5): SHA-256 and longer. */
const strongDigests = new Set(["8", "9", "10", "12", "14"]);

/**
 * Verifies a text that is signed inside (`--clearsign`), or bytes with a signature of their own.
 * `text` of the verdict is what was signed, and nothing around it. Only copies in a folder of this
 * process are read, so that nobody changes them meanwhile.
 */
export async function verify(signed: Uint8Array, signature: Uint8Array | undefined, options: GpgOptions): Promise<Verdict> {
  return withTempDir(join(tmpdir(), "kovn-verify-"), async (dir) => {
    const [file, content] = [join(dir, "signed"), join(dir, "content")];
    await writeFile(file, signed);
    if (signature === undefined) {
      const verdict = await verifyFiles([file], options, ["--output", content]);
      return verdict.kind === "good" ? { ...verdict, text: await readText(content, "an index of packages") } : verdict;
    }
    await writeFile(join(dir, "signature"), signature);
    const verdict = await verifyFiles([file, join(dir, "signature")], options);
    return verdict.kind === "good" ? { ...verdict, text: Buffer.from(signed).toString() } : verdict;
  });
}

/** Verifies a file of any size with a signature beside it, where it is. */
export async function verifyFile(file: string, signature: string, options: GpgOptions): Promise<Verdict> {
  return verifyFiles([file, signature], options);
}

async function verifyFiles(files: readonly string[], options: GpgOptions, more: readonly string[] = []): Promise<Verdict> {
  // Else a signature of somebody else's could make gpg fetch and keep its key.
  const quiet = ["--no-auto-key-retrieve", "--status-fd", "1", ...more];
  const { exitCode, stdout } = await gpg("verify a signature", [...quiet, "--verify", "--", ...files.toReversed()], options);
  const rows = stdout.split("\n").flatMap((row) => (row.startsWith("[GNUPG:] ") ? [row.slice(9).split(" ")] : []));
  const find = (...words: readonly string[]) => rows.find(([word]) => words.includes(word ?? ""));
  const signatures = rows.filter(([word]) => word === "NEWSIG").length;
  // A text that is signed inside, given as a signature, would vouch for itself only.
  if (signatures !== 1 || (files.length === 2 && find("PLAINTEXT") !== undefined)) return { kind: "none" };
  if (find("BADSIG", "EXPSIG") !== undefined) return { kind: "wrong" };
  const [, , , , , , , , digest, , primary = ""] = find("VALIDSIG") ?? [];
  if (find("REVKEYSIG") !== undefined) return { kind: "revoked", key: primary };
  const missing = find("NO_PUBKEY");
  if (missing !== undefined) return { kind: "unknown", key: missing[1] ?? "" };
  const isGood = exitCode === 0 && find("GOODSIG", "EXPKEYSIG") !== undefined && primary !== "";
  return isGood && strongDigests.has(digest ?? "") ? { kind: "good", key: primary, text: "" } : { kind: "wrong" };
}
