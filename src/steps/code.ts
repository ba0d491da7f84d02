import { readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "../sys/files.ts";

/** sha256 over the code of all steps: a changed step may make something else of the same input. */
export async function stepCode(): Promise<string> {
  const dir = dirname(fileURLToPath(import.meta.url));
  const files = (await readdir(dir)).filter((file) => /\.[jt]s$/.test(file) && !file.endsWith(".d.ts")).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(dir, file), "utf8")));
  return sha256(files.map((file, index) => `${file}\n${texts[index]}`).join("\n"));
}
