import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { globSync } from "tinyglobby";
import { describe, expect, test } from "vitest";
import { knownValues } from "../../src/commands/values.ts";
import { verbs } from "../../src/commands/verbs.ts";
import { nameOfValue } from "../../src/program/complete.ts";
import { quietTask } from "../../src/sys/task.ts";
import { makeProgram } from "../../src/program/program.ts";
import type { Context } from "../../src/program/context.ts";

const program = await makeProgram(
  { version: "", machine: { cores: 1 }, task: quietTask } as unknown as Context,
  verbs,
  () => true,
);

/** The options of each command, by its path. */
const optionsOf = new Map(
  verbs.verbs.map(({ path: [first, second] }) => {
    const group = program.commands.find((one) => one.name() === first);
    const command = second === undefined ? group : group?.commands.find((one) => one.name() === second);
    const own = (command?.options ?? []).flatMap((option) => option.long ?? []);
    return [second === undefined ? first : `${first} ${second}`, new Set([...own, "--help"])] as const;
  }),
);

/** What is wrong with the words after `kovn-build`; undefined for nothing, and for prose. */
function wrongWords(text: string): string | undefined {
  const [first = "", second = ""] = text.split(/\s+/);
  if (/^(--help|--version|-V|-h|help)$/.test(first)) return undefined;
  const isGroup = verbs.groups[first] !== undefined || optionsOf.has(`${first} ${second}`);
  const path = first.startsWith("-") ? verbs.defaultVerb : isGroup ? `${first} ${second}` : first;
  if (isGroup && /^(--help)?$/.test(second)) return undefined;
  const known = optionsOf.get(path);
  if (known === undefined) return `kovn-build has no command \`${path}\``;
  const unknown = [...text.matchAll(/(?<!\S)--[a-z][a-z-]*/g)].map(([name]) => name).find((name) => !known.has(name));
  return unknown === undefined ? undefined : `\`kovn-build ${path}\` has no option \`${unknown}\``;
}

/** The command lines of ours in a text, each up to where it ends. */
function commandLines(text: string): readonly string[] {
  const found = text.replaceAll("\\\n", " ").matchAll(/(?<![\w/.@-])kovn-build ((?:--?)?[a-z$][^\n]*)/g);
  return [...found].map(([, rest = ""]) => rest.split(/[`"),;|#]| -> | && |, or |\$\{(?!\w+[^}]*\} )/)[0]?.trim() ?? "");
}

const documents = globSync(["*.md", "docs/**/*.md", "!docs/decisions/**", ".github/workflows/*.yml", ".ci/run"], { dot: true });
const sources = globSync("src/**/*.ts");

/** Code in Markdown; other files are code. */
function codeOf(file: string): string {
  const text = readFileSync(file, "utf8");
  return file.endsWith(".md")
    ? [...text.matchAll(/^ *```.*?^ *```|`[^`\n]+`/gms)].map(([code]) => code.replaceAll("`", "")).join("\n")
    : text;
}

/** String literals of a source file. */
function stringsOf(file: string): readonly string[] {
  const text = readFileSync(file, "utf8").replaceAll(/^\s*(\/\/|\*|\/\*\*).*$/gm, "");
  return [...text.matchAll(/"((?:\\.|[^"\\\n])*)"|`((?:\\.|[^`\\])*)`/g)].map(([, plain, template]) =>
    (plain ?? template ?? "").replaceAll("\\`", "`"),
  );
}

/** Which commands the code of a folder of `src` runs in. */
const usedBy: Readonly<Record<string, RegExp>> = {
  publish: /^(publish|release yank)$/,
  set: /^(publish|release)/,
  release: /^(publish|release)/,
  patches: /^(patches|build|plan|release)/,
  prove: /^patches prove$/,
  suite: /^patches suite$/,
};

describe("every command line that people read has a command and options that exist", () => {
  test("in the documents", () => {
    const wrong = documents.flatMap((file) =>
      commandLines(codeOf(file)).flatMap((line) => {
        const why = wrongWords(line);
        return why === undefined ? [] : [`${file}: ${why}: ${line}`];
      }),
    );
    expect(wrong).toEqual([]);
    expect(documents.flatMap((file) => commandLines(codeOf(file))).length).toBeGreaterThan(60);
  });

  test("in messages, hints and examples", () => {
    const lines = sources.flatMap((file) =>
      stringsOf(file)
        .flatMap(commandLines)
        .filter((line) => /^(--|\w)/.test(line))
        .map((line) => ({ file, line })),
    );
    const wrong = lines.flatMap(({ file, line }) => {
      const [first = ""] = line.split(/\s+/);
      const isOurs = first.startsWith("--") || optionsOf.has(first) || verbs.groups[first] !== undefined;
      const why = isOurs ? wrongWords(line) : undefined;
      return why === undefined ? [] : [`${file}: ${why}: ${line}`];
    });
    expect(wrong).toEqual([]);
    expect(lines.length).toBeGreaterThan(60);
  });

  test("in hints that name an option alone, of a command that runs this code", () => {
    const hints = sources.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/hint:[^"`]*?(?:"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)/g)].map((match) => ({
        file,
        hint: match[1] ?? match[2] ?? "",
      })),
    );
    const wrong = hints.flatMap(({ file, hint }) => {
      // Options of other programs, and of our command lines, which are checked above.
      const own = hint.replaceAll(
        /(\b(kovn-build|git|apt-get|dpkg|npm|gpg|du|cp|mount|sh|testsuite|update-binfmts)|\$\{program\}) [^,;]*/g,
        "",
      );
      const [, folder = "", command] = /^src\/(\w+)\/(.*)\.ts$/.exec(file) ?? [];
      const paths = [...optionsOf.keys()].filter((path) =>
        folder === "commands"
          ? path === command?.replace("/", " ") || !optionsOf.has(command ?? "")
          : (usedBy[folder]?.test(path) ?? true),
      );
      return [...own.matchAll(/(?<!\S)--[a-z][a-z-]*/g)]
        .filter(([name]) => !paths.some((path) => optionsOf.get(path)?.has(name)))
        .map(([name]) => `${file}: ${name}: ${hint}`);
    });
    expect(wrong).toEqual([]);
    expect(hints.length).toBeGreaterThan(60);
  });
});

test("completion knows each value of options and arguments by its name in help, and no other", () => {
  const below = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(below)];
  const values = below(program)
    .flatMap(({ options, registeredArguments }) => [...registeredArguments, ...options])
    .filter((of) => of.argChoices === undefined)
    .map(nameOfValue)
    .filter((name) => name !== "");
  expect([...new Set(values)].toSorted()).toEqual([...knownValues].toSorted());
});
