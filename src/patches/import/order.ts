import { projectError, unreadableFile } from "../../errors.ts";
import { readText } from "../../sys/read-file.ts";
import { problemAt } from "./draft.ts";
import type { Entry } from "./order-entry.ts";
import { parseScript } from "./order-script.ts";

/**
 * Reads which patches a file names, in order: a series of quilt(1), or a Dockerfile or shell script
 * that applies them. Throws "project".
 */
export async function readOrder(file: string): Promise<readonly Entry[]> {
  const text = await readText(file, "a project file").catch((cause: unknown) => {
    throw unreadableFile(file, cause);
  });
  const isScript = /^#!|^(?:FROM|RUN) |^(?:[^#\n]{0,2000}[\s;&|(])?(?:git\s(?:.{0,200}\s)?(?:apply|am)\s|patch\s+(?:-|<))/m.test(
    text,
  );
  const entries = isScript ? parseScript(text) : parseQuilt(text);
  if (entries.length > 0) return entries;
  const what = isScript
    ? "This file applies no patch: expected lines with `git apply`, `git am` or `patch`."
    : "This series names no patch.";
  throw projectError([problemAt(file, 1, what)]);
}

/** Reads a series of quilt(1): a name a line, and maybe `-pN`. */
function parseQuilt(text: string): readonly Entry[] {
  return text.split("\n").flatMap((row, index) => {
    const [name = "", ...options] = row
      .replace(/(^|\s)#.*$/, "")
      .trim()
      .split(/\s+/);
    const levels = options.map((option) => /^-p(\d|ab)$/.exec(option)?.[1]);
    const unknown = options[levels.indexOf(undefined)];
    const level = levels[0] === undefined ? undefined : levels[0] === "ab" ? 1 : Number(levels[0]);
    const problem = unknown === undefined ? undefined : describeOption(unknown);
    return name === "" ? [] : [{ name, line: index + 1, level, places: [], problem }];
  });
}

function describeOption(option: string): string {
  if (option === "-R") return "This patch is applied in reverse: make a patch of that with git.";
  return `\`${option}\` is not an option of a series: expected \`NAME.patch\` or \`NAME.patch -pN\`.`;
}
