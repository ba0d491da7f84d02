import { readFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "../sys/files.ts";

/** What is imported of our own files, at the start or when it is needed. */
const imported = /(?:from|import\() ?"(\.[^"]+)"/g;

/**
 * sha256 over the code that makes a job's result: that of jobs and all that it imports of our own, so steps, doors and the patching of a
 * source. Other code may make something else of the same input.
 */
export async function jobCode(): Promise<string> {
  const own = fileURLToPath(import.meta.url);
  const texts = new Map<string, string>();
  const wanted = [resolve(dirname(own), `../run/job${own.slice(-3)}`)];
  for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) {
    if (texts.has(path)) continue;
    const text = await readFile(path, "utf8");
    texts.set(path, text);
    for (const [, to = ""] of text.matchAll(imported)) wanted.push(resolve(dirname(path), to));
  }
  const files = [...texts].map(([path, text]) => `${relative(dirname(own), path)}\n${text}`);
  return sha256(files.toSorted().join("\n"));
}
