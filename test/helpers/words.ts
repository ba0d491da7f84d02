import { readFileSync } from "node:fs";
import { join } from "node:path";
import { globSync } from "tinyglobby";
import { parse } from "yaml";

export interface Word {
  readonly not: string;
  readonly but: string;
  readonly unless?: Readonly<Record<string, string>>;
}

/** A word of `words.yaml` in a file. */
interface Finding {
  readonly file: string;
  readonly line: number;
  readonly word: string;
  readonly but: string;
}

const { prose, names } = parse(readFileSync(new URL("words.yaml", import.meta.url), "utf8")) as Record<
  "prose" | "names",
  readonly Word[]
>;

const rules = [...prose.map((word) => compile(word, "gi")), ...names.map((word) => compile(word, "g"))];

/** Files that people read, and which part of each. */
const texts: Readonly<Record<string, (text: string) => string>> = {
  "*.md": (text) => text,
  "package.json": (text) => text,
  "docs/**/*.md": (text) => text,
  "src/**/*.ts": (text) => text,
  ".github/**": (text) => text,
  ".githooks/**": (text) => text,
  "pipelines/*.yaml": (text) => only(text, /(?<=^|\s)#.*$/gm),
  // First arguments of `test(`, `describe.each(…)(` and their like.
  "test/**/*.ts": (text) => only(text, /(?<=(?:\b(?:test|describe|it)(?:\.\w+)*|\))\(\s*)(["'`])(?:\\.|(?!\1)[^\\])*\1/g),
};

/** Finds the words to avoid in the files below `folder` (or in that file) of the repository at `root`. */
export function findWords(root: string, folder = "."): readonly Finding[] {
  const found: Finding[] = [];
  for (const [pattern, read] of Object.entries(texts))
    for (const file of globSync(pattern, { cwd: root, dot: true }).toSorted())
      if (folder === "." || file === folder || file.startsWith(`${folder.replace(/\/+$/, "")}/`))
        found.push(...findIn(file, read(readFileSync(join(root, file), "utf8"))));
  return found;
}

/** Finds the words to avoid in a text. */
export function findIn(file: string, text: string): readonly Finding[] {
  return rules
    .flatMap(({ not, but, unless }) => {
      const allowed = unless.flatMap((use) => [...text.matchAll(use)]);
      const isAllowed = ({ index, 0: word }: RegExpExecArray) =>
        allowed.some((use) => use.index <= index && index + word.length <= use.index + use[0].length);
      return [...text.matchAll(not)]
        .filter((match) => !isAllowed(match))
        .map((match) => ({ index: match.index, word: match[0].trim().replaceAll(/\s*\n[\s*/#>]*/g, " "), but }));
    })
    .toSorted((a, b) => a.index - b.index)
    .map(({ index, word, but }) => ({ file, line: text.slice(0, index).split("\n").length, word, but }));
}

export function describeFinding({ file, line, word, but }: Finding): string {
  return `${file}:${line}: \`${word}\` -> ${but}`;
}

function compile({ not, but, unless = {} }: Word, flags: string) {
  const whole = (source: string) =>
    new RegExp(`(?<!\\w)(?:${source.replaceAll(" ", "(?:[ \\t]+|[ \\t]*\\n[ \\t]*(?:\\*|//|#|>)?[ \\t]*)")})(?!\\w)`, flags);
  return { not: whole(not), but, unless: Object.keys(unless).map(whole) };
}

/** Leaves only the matches, each on its line. */
function only(text: string, pattern: RegExp): string {
  let end = 0;
  let result = "";
  for (const match of text.matchAll(pattern)) {
    result += text.slice(end, match.index).replaceAll(/[^\n]/g, "") + match[0];
    end = match.index + match[0].length;
  }
  return result + text.slice(end).replaceAll(/[^\n]/g, "");
}
