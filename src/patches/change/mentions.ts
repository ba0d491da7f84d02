import { basename, join } from "node:path";
import { readText } from "../../sys/read-file.ts";
import { glob } from "../../sys/glob.ts";

/** The files of a project in which people write about patches. */
const places = ["*.md", "docs/**/*.md", ".github/**/*.{md,yml,yaml}", "pipelines/**/*.yaml", "patches/**/*.{md,yaml,patch}"];

/**
 * Finds where a project names a patch, as `file:line`, but for the patch itself. A name of one word
 * counts with `.patch` only.
 */
export async function findMentions(name: string, root: string, itself: string): Promise<readonly string[]> {
  const slug = basename(name, ".patch");
  const form = new RegExp(`(?<![\\w-])${slug}${slug.includes("-") ? "(?![\\w-])" : "\\.patch\\b"}`);
  const files = (await glob(places, { cwd: root, dot: true, onlyFiles: true })).toSorted();
  const found: string[] = [];
  for (const file of files) {
    if (file === itself) continue;
    const text = await readText(join(root, file), "a patch").catch(() => "");
    if (form.test(text))
      for (const [index, row] of text.split("\n").entries()) if (form.test(row)) found.push(`${file}:${index + 1}`);
  }
  return found;
}
