import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { inspectPatches, mailHeader, patchedPaths, trailers } from "../../../src/sys/git-patch.ts";
import { gitSays, patchId } from "../../../src/sys/git.ts";
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

test("a patch id does not depend on the place of the change in the file", async () => {
  const here = mail("Change", replaceLine("a", "a", "b"));
  const id = await patchId(here, { host });
  expect(id).toMatch(/^[0-9a-f]{40}$/);
  expect(await patchId(here.replace("@@ -1 +1 @@", "@@ -7 +7 @@"), { host })).toBe(id);
  expect(await patchId(here.replace("+b", "+c"), { host })).not.toBe(id);
});

test("trailers are read from the last paragraph", async () => {
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
  ["the exit code when git printed nothing", "\n", "exit code 128"],
];

test.for(said)("gitSays returns %s", ([, stderr, expected]) => {
  expect(gitSays({ exitCode: 128, stdout: "", stderr })).toBe(expected);
});

describe("many patches at once", () => {
  const rename = "diff --git a/a b/c\nsimilarity index 100%\nrename from a\nrename to c\n";
  const usual = mail("One", replaceLine("a", "a", "b"));
  const cases: Readonly<Record<string, string>> = {
    "a link": mail("Two", newFile("way", "/etc", "120000")),
    "a path outside": mail("Two", newFile("../x", "x")),
    "a path in .git": mail("Two", newFile(".GIT/config", "x")),
    "a quoted path": mail("Two", replaceLine("x", "a", "b").replaceAll(/([ab])\/x/g, '"$1/x\\ty"')),
    "a rename": mail("Two", rename),
    "no diff": mail("Two", ""),
    "nothing at all": "",
    "a broken diff": mail("Two", replaceLine("a", "a", "b").replace("-1 +1", "-1,3 +1")),
    "a trailer of our own": mail("Two", replaceLine("a", "a", "b"), { Fields: "Kovn-End: 1\nSeed: none" }),
  };
  for (const [name, text] of Object.entries(cases))
    test(`${name} makes the caller inspect each patch on its own`, async ({ folder }) => {
      const files = ["one.patch", "two.patch"].map((file) => join(folder, file));
      await writeFile(files[0] ?? "", usual);
      await writeFile(files[1] ?? "", text);
      expect(await inspectPatches(files, { host })).toBeUndefined();
    });

  test("ordinary ones have the same header and trailers as each on its own", async ({ folder }) => {
    const files = ["one.patch", "two.patch"].map((file) => join(folder, file));
    const two = mail("Two", newFile("d/e", "x"), { Fields: "Origin: other, a long\n reason: folded\nSeed: none" });
    await writeFile(files[0] ?? "", usual);
    await writeFile(files[1] ?? "", two);
    const seen = await inspectPatches(files, { host });
    const alone = [usual, two].map((text) =>
      trailers(`subject\n\n${text.slice(text.indexOf("\n\n"), text.indexOf("\n---\n"))}\n`, { host }),
    );
    expect(seen?.map((one) => one.trailers)).toEqual(await Promise.all(alone));
    const headers = [usual, two].map((text) => mailHeader(Buffer.from(text), { host }));
    expect(seen?.map((one) => one.header)).toEqual(await Promise.all(headers));
    expect(seen?.[1]?.header.get("Subject")).toBe("Two");
    expect(seen?.[1]?.trailers).toHaveLength(2);
  });
});
