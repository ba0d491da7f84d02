import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { parse } from "yaml";
import { test } from "../helpers/folder.ts";
import { writeFiles } from "../helpers/project.ts";
import { describeFinding, findIn, findWords, type Word } from "../helpers/words.ts";

/** Texts, and the words that are found in them. */
const found: Readonly<Record<string, readonly string[]>> = {
  "`x` is no folder, and these are no files": ["is no", "are no"],
  "Answers with a list": ["Answers with"],
  "a sha256 is wanted; a folder was not wanted": ["is wanted", "was not wanted"],
  "3, wanted ${count}": ["wanted"],
  "It tells what it was told; tell(text)": ["tells", "told", "tell"],
  "what mends it": ["mends"],
  "not at hand, so made anew": ["at hand", "anew"],
  "whether its result is kept, or what the kept result had": ["result is kept", "kept result"],
  "`kept from ${time}`": ["kept from"],
  "entries of the cache, and tar entries": ["entries of the cache", "tar entries"],
  "Where to is not said. There is: `list`": ["is not said", "There is:"],
  "Results are as they were": ["are as they were"],
  "a positive whole number": ["whole number"],
  "what this machine lacks": ["machine lacks"],
  "upstream has other lines (a root), or a cascade": ["(a root)", "cascade"],
  "ccache knew 3 of 371": ["ccache knew"],
  "turns upstream into what it ships": ["turns upstream"],
  "says of what they were made": ["of what they were made"],
  "Finds ccache, and out whether it works": ["and out whether"],
  "No method throws for what is wrong": ["throws for what is wrong"],
  "Stopped by ${signal}": ["Stopped by"],
  "it needs not run all the same": ["needs not", "all the same"],
  "when it can be had": ["can be had"],
  "it shall stay whoever calls, which is to be known": ["shall", "whoever", "is to be"],
  'import { alone } from "../sys/alone.ts"; await alone(path)': ["{ alone", "alone", "alone"],
  "(options: Surroundings)": ["Surroundings"],
  "refuseUnfit(checks)": ["refuseUnfit"],
  'import { takeKept } from "./kept.ts"': ["takeKept", "kept.ts"],
  "showEntry(one), installedClosure()": ["showEntry", "installedClosure"],
  "type Look = string; (a: Look) => describeLook(a)": ["Look", "Look", "describeLook"],
  "const patience = 5": ["patience"],
  "const known = 1": ["known"],
  '| "usage" | "target"; new BuildError(\n  "target", text); Throws "target"': ['"target"', '"target"', '"target"'],
};

const allowed: readonly string[] = [
  "there is no network, and there were no files",
  "it is no longer there",
  "what the user wants, the unwanted file",
  "foretold, a teller",
  "a draft is kept for a week",
  "left alone, alone in the folder",
  "Look first. It refuses to start, and known names",
  "git diff --patience",
  'case "target": pick(options["target"])',
];

describe("the lint of words", () => {
  test.for(Object.entries(found))("finds words in: %s", ([text, words]) => {
    expect(findIn("a.ts", text).map(({ word }) => word)).toEqual(words);
  });

  test.for(allowed)("allows: %s", (text) => {
    expect(findIn("a.ts", text)).toEqual([]);
  });

  test("has a text here for each of its words", () => {
    const { prose, names } = parse(readFileSync("test/helpers/words.yaml", "utf8")) as Record<string, readonly Word[]>;
    const used = new Set(Object.keys(found).flatMap((text) => findIn("a.ts", text).map(({ but }) => but)));
    expect([...(prose ?? []), ...(names ?? [])].filter(({ but }) => !used.has(but))).toEqual([]);
  });

  test("reads comments of pipelines and titles of tests only, and phrases across lines", async ({ folder }) => {
    await writeFiles(folder, {
      "README.md": "Told on line 1,\nand what\nis no folder.\n",
      "src/a.ts": "/**\n * It is\n * no folder.\n */\n",
      "pipelines/a.yaml": "told: true # told\n",
      "test/unit/a.test.ts": 'const told = 1;\ntest.each([told])(\n  "is told",\n  () => told,\n);\n',
      "docs/b/c.md": "\n\nanew\n",
      "other/a.md": "told",
    });
    expect(findWords(folder).map(({ file, line, word }) => `${file}:${line} ${word}`)).toEqual([
      "README.md:1 Told",
      "README.md:3 is no",
      "docs/b/c.md:3 anew",
      "src/a.ts:2 is no",
      "pipelines/a.yaml:1 told",
      "test/unit/a.test.ts:3 told",
    ]);
    expect(findWords(folder, "docs/").map(describeFinding)).toEqual([
      'docs/b/c.md:3: `anew` -> again, or a verb such as "rebuild"',
    ]);
  });

  // Prints what it finds; `npm run words -- FOLDER` prints it for one folder.
  test("finds nothing in this repository", () => {
    const findings = findWords(".").map(describeFinding);
    if (findings.length > 0) expect.fail(findings.join("\n"));
  });
});
