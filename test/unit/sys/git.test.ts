import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { gitSays, patchedPaths, patchId, trailers } from "../../../src/sys/git.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { mail, newFile, replaceLine } from "../../helpers/project.ts";

describe("what a patch touches", () => {
  const cases: readonly (readonly [string, string, object])[] = [
    ["a changed file", replaceLine("a.txt", "a", "b"), { paths: ["a.txt"], newLinks: [], goneLinks: [] }],
    ["two files", replaceLine("a", "a", "b") + newFile("d/e", "x"), { paths: ["a", "d/e"], newLinks: [], goneLinks: [] }],
    ["a new link", newFile("d/way", "/etc", "120000"), { paths: ["d/way"], newLinks: ["d/way"], goneLinks: [] }],
    [
      "a deleted link",
      "diff --git a/way b/way\ndeleted file mode 120000\n--- a/way\n+++ /dev/null\n@@ -1 +0,0 @@\n-lib\n\\ No newline at end of file\n",
      { paths: ["way"], newLinks: [], goneLinks: ["way"] },
    ],
    ["a quoted name", replaceLine("x", "a", "b").replaceAll(/([ab])\/x/g, '"$1/\\056git/x y"'), { paths: [".git/x y"] }],
    ["a name with spaces", newFile("a b c", "x"), { paths: ["a b c"] }],
  ];

  test.for(cases)("%s is named", async ([, diff, expected], { folder }) => {
    const path = join(folder, "a.patch");
    await writeFile(path, mail("Change", diff));
    expect(await patchedPaths(path, { host })).toMatchObject(expected);
  });

  const unreadable: readonly (readonly [string, string, object])[] = [
    ["a mail without a diff", "", { unreadable: expect.stringContaining("No valid patches"), line: undefined }],
    [
      "a diff that ends early",
      replaceLine("a", "a", "b").replace("+b\n", ""),
      { unreadable: expect.stringContaining("corrupt patch"), line: 19 },
    ],
  ];

  test.for(unreadable)("%s cannot be read", async ([, diff, expected], { folder }) => {
    const path = join(folder, "a.patch");
    await writeFile(path, mail("Change", diff));
    expect(await patchedPaths(path, { host })).toMatchObject(expected);
  });
});

test("a patch id is that of the change, wherever in the file it stands", async () => {
  const here = mail("Change", replaceLine("a", "a", "b"));
  const id = await patchId(here, { host });
  expect(id).toMatch(/^[0-9a-f]{40}$/);
  expect(await patchId(here.replace("@@ -1 +1 @@", "@@ -7 +7 @@"), { host })).toBe(id);
  expect(await patchId(here.replace("+b", "+c"), { host })).not.toBe(id);
});

test("trailers are those of the last paragraph", async () => {
  const message = "Subject\n\nOrigin: of the text\n\nWhy: because\nSeed: none\n";
  expect(await trailers(message, { host })).toEqual([
    ["Why", "because"],
    ["Seed", "none"],
  ]);
});

const said: readonly (readonly [string, string, string])[] = [
  ["the reason without its prefix", "fatal: not a git repository\n", "not a git repository"],
  ["two reasons", "error: a\nerror: b\n", "a\nb"],
  [
    "the reason without git's advice",
    "warning: filtering not recognized by server, ignoring\nfatal: 'x' does not appear to be a git repository\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n",
    "'x' does not appear to be a git repository",
  ],
  ["the exit code when git said nothing", "\n", "exit code 128"],
];

test.for(said)("git says %s", ([, stderr, expected]) => {
  expect(gitSays({ exitCode: 128, stdout: "", stderr })).toBe(expected);
});
