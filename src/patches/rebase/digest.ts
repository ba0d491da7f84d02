import { join } from "node:path";
import { listFiles, sha256, sha256File } from "../../sys/files.ts";

/** The sha256 of a folder's files: their paths and contents. */
export async function digestOf(folder: string): Promise<string> {
  const files = (await listFiles(folder)).toSorted();
  const rows = [];
  for (const file of files) rows.push(`${await sha256File(join(folder, file))}  ${file}\n`);
  return sha256(rows.join(""));
}
