import { join } from "node:path";
import { expect } from "vitest";
import { z } from "zod";
import { readYaml } from "../../../src/config/yaml.ts";
import { test } from "../../helpers/folder.ts";
import { writeFiles } from "../../helpers/project.ts";

const schema = z.strictObject({
  name: z.string(),
  count: z.int().positive().default(1),
  jobs: z
    .record(z.string().regex(/^[a-z]+$/, "expected small letters"), z.strictObject({ steps: z.array(z.string()) }))
    .default({}),
});

const good: readonly (readonly [string, string, unknown])[] = [
  ["a file with only the required keys", "name: a\n", { name: "a", count: 1, jobs: {} }],
  ["comments and quotes", "# About.\nname: '1' # one\n", { name: "1", count: 1, jobs: {} }],
  ["JSON", '{"name":"a","count":2}', { name: "a", count: 2, jobs: {} }],
  ["a version that looks like a number, in quotes", 'name: "1.10"\n', { name: "1.10", count: 1, jobs: {} }],
];

test.for(good)("%s is read", async ([, text, value], { folder }) => {
  await writeFiles(folder, { "a.yaml": text });
  expect(await readYaml(join(folder, "a.yaml"), schema, "a.yaml")).toEqual(value);
});

const wrong: readonly (readonly [string, string, readonly string[]])[] = [
  ["an empty file", "", ["1:1: Invalid input: expected object, received null."]],
  ["a list", "- name\n", ["1:1: Invalid input: expected object, received array."]],
  ["a missing key", "count: 2\n", ["1:1: Key `name` is missing here."]],
  ["an unknown key", "name: a\nnames: b\n", ["2:1: Key `names` is unknown here."]],
  ["an unknown key deep inside", "name: a\njobs:\n  x:\n    steps: []\n    stesp: []\n", ["5:5: Key `stesp` is unknown here."]],
  ["a number for a text", "name: 22.12\n", ['1:7: `name`: `22.12` is the number 22.12 in YAML: write "22.12" with quotes.']],
  [
    "a version that loses a digit",
    "name: 3.10\n",
    ['1:7: `3.10` is the number 3.1 in YAML: write "3.10" with quotes if it is text'],
  ],
  ["a commit that is a power of ten", "name: 1e5\n", ['1:7: `1e5` is the number 100000 in YAML: write "1e5" with quotes']],
  ["a commit of digits", `name: ${"12345".repeat(8)}\n`, ["1:7: `12345"]],
  ["a commit that is too large for a number", "name: 12345e6789\n", ["1:7: `12345e6789` is the number Infinity in YAML"]],
  ["an octal number", "name: 0o17\n", ["1:7: `0o17` is the number 15 in YAML"]],
  ["a number with zeros in front", "name: a\ncount: 010\n", ["2:8: `010` is the number 10 in YAML"]],
  ["a truth value for a text", "name: true\n", ['1:7: `name`: `true` is the boolean true in YAML: write "true" with quotes.']],
  ["null for a text", "name: ~\n", ['1:7: `name`: `~` is no value in YAML: write "~" with quotes.']],
  ["nothing for a text", "name:\n", ["1:6: `name`: a value is missing."]],
  ["a list for a text", "name: []\n", ["1:7: `name`: Invalid input: expected string, received array."]],
  [
    "a key that is a number",
    "name: a\njobs:\n  3.10: { steps: [] }\n",
    ['3:3: Key `3.10` is the number 3.1 in YAML: write "3.10"'],
  ],
  [
    "a bad element of a list",
    "name: a\njobs: { x: { steps: [a, 2] } }\n",
    ['2:25: `2` is the number 2 in YAML: write "2" with quotes.'],
  ],
  ["a bad key", "name: a\njobs:\n  X:\n    steps: []\n", ["3:3: Key `X`: expected small letters."]],
  ["the key __proto__", "name: a\njobs:\n  __proto__: { steps: [] }\n", ["3:3: Key `__proto__` is unknown here."]],
  ["a key twice", "name: a\nname: b\n", ["2:1: Map keys must be unique."]],
  ["a tab for indentation", "name:\n\ta\n", ["2:1: Tabs are not allowed", "2:2: Implicit map keys"]],
  [
    "an anchor and its alias",
    "name: &n a\njobs: *n\n",
    ["1:10: Anchors and aliases are not allowed", "2:7: Anchors and aliases are not allowed"],
  ],
  ["a key that is a list", "name: a\n? [b]\n: c\n", ["2:3: A key must be a plain word."]],
  ["an unknown tag", "name: !secret a\n", ["1:7: Unresolved tag: !secret."]],
  ["a second document", "name: a\n---\nname: b\n", ["2:1: Source contains multiple documents"]],
  ["three problems at once", "name: 1\ncount: 0\nmore: 2\n", ["1:7: `name`", "2:8: `count`", "3:1: Key `more`"]],
];

test.for(wrong)("%s is reported with its line and column", async ([, text, problems], { folder }) => {
  await writeFiles(folder, { "a.yaml": text });
  const error: unknown = await readYaml(join(folder, "a.yaml"), schema, "dir/a.yaml").catch((reason: unknown) => reason);
  const expected = problems.map((problem) => expect.stringContaining(`dir/a.yaml:${problem}`) as string);
  expect(error).toMatchObject({ code: "project" });
  expect((error as Error).message.split("\n")).toEqual(expected);
});

test("a file that cannot be read is reported by name", async ({ folder }) => {
  await expect(readYaml(join(folder, "none.yaml"), schema, "none.yaml")).rejects.toMatchObject({
    code: "project",
    message: "none.yaml:1:1: This file cannot be read.",
  });
});
