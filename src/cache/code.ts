import { readdirSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "../sys/files.ts";
import { readOwnBytes } from "../sys/read-file.ts";

let digest: string | undefined;

/**
 * sha256 over the compiled code of kovn-build: other code may make other bytes of the same input. A
 * process runs the same code to its end.
 */
export function codeDigest(): string {
  return (digest ??= digestCode());
}

function digestCode(): string {
  const own = fileURLToPath(import.meta.url);
  const root = dirname(dirname(own));
  const names = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(extname(own)));
  const sums = names.toSorted().map((name) => `${sha256(readOwnBytes(join(root, name)))}  ${name}\n`);
  return sha256(sums.join(""));
}
