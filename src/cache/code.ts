import { readdir } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "../sys/files.ts";
import { readBytes } from "../sys/read-file.ts";

/**
 * sha256 over the compiled code of kovn-build: other code may make other bytes of the same input.
 */
export async function codeDigest(): Promise<string> {
  const own = fileURLToPath(import.meta.url);
  const root = dirname(dirname(own));
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith(extname(own)));
  const sums = names.toSorted().map(async (name) => `${sha256(await readBytes(join(root, name), "a source file"))}  ${name}\n`);
  return sha256((await Promise.all(sums)).join(""));
}
