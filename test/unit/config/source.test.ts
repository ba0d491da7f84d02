import { writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { readSource } from "../../../src/config/source.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { demo, mail, replaceLine, sourceYaml, writeFiles } from "../../helpers/project.ts";

const diff = replaceLine("greeting.txt", "hello", "hi");

/** A project with one source and these files; returns its patches. */
async function readPatches(folder: string, files: Readonly<Record<string, string>>) {
  await writeFiles(folder, { [`${demo}/source.yaml`]: sourceYaml("upstream") });
  await writeFiles(folder, Object.fromEntries(Object.entries(files).map(([name, content]) => [`${demo}/${name}`, content])));
  return (await readSource({ root: folder, work: join(folder, ".kovn") }, "1.0", "demo", host)).patches;
}

describe("a series", () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ["without lines has no patches", "", []],
    ["with only comments has no patches", "# one\n\n   # two\n", []],
    ["has its patches in order", "b.patch\na.patch\n", ["b.patch", "a.patch"]],
    ["may have comments after names", "a.patch # first\nb.patch\t# then\n", ["a.patch", "b.patch"]],
    ["may end without a newline", "a.patch\nb.patch", ["a.patch", "b.patch"]],
    ["may have spaces and carriage returns around names", "  a.patch \r\nb.patch\r\n", ["a.patch", "b.patch"]],
  ];

  test.for(cases)("%s", async ([, series, names], { folder }) => {
    const mails = Object.fromEntries(names.map((name) => [name, mail("Greet", diff)]));
    expect((await readPatches(folder, { ...mails, series })).map((patch) => patch.name)).toEqual(names);
  });
});

describe("a patch", () => {
  const subjects: readonly (readonly [string, string, string])[] = [
    ["loses its prefix", "Greet all", "Greet all"],
    [
      "is joined when it spans two lines",
      "ofproto: Forget the usage of a number with the\n port.",
      "ofproto: Forget the usage of a number with the port.",
    ],
    ["may contain brackets", "Greet [all]", "Greet [all]"],
    ["loses all prefixes of patches", "[PATCH v2] Re: [linux PATCH 1/2] Greet all", "Greet all"],
    ["keeps other brackets", "[PATCH v2] [windows] Greet all", "[windows] Greet all"],
    ["is decoded", "=?UTF-8?q?Gr=C3=BC=C3=9Fe=20an=20?=\n =?UTF-8?q?alle?=", "Grüße an alle"],
  ];

  test.for(subjects)("has a subject that %s", async ([, header, subject], { folder }) => {
    const [patch] = await readPatches(folder, { series: "a.patch\n", "a.patch": mail(header, diff) });
    expect(patch?.subject).toBe(subject);
  });

  test("has the sha256 of its bytes, even if they are not UTF-8", async ({ folder }) => {
    await readPatches(folder, { series: "" });
    const digests = [];
    for (const byte of [0xe4, 0xe5]) {
      const bytes = Buffer.concat([Buffer.from(mail("Greet", diff)), Buffer.from([0x2d, 0x2d, 0x20, 0x0a, byte, 0x0a])]);
      await writeFile(join(folder, demo, "a.patch"), bytes);
      const [patch] = await readPatches(folder, { series: "a.patch\n" });
      digests.push(patch?.sha256);
      expect(patch?.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    }
    expect(new Set(digests).size).toBe(2);
  });

  test("names the seed commit that it reimplements", async ({ folder }) => {
    const fields = "Origin: vendor\nForwarded: not-needed\nSeed: 0123456789\nLast-Update: 2026-11-22";
    const [patch] = await readPatches(folder, { series: "a.patch\n", "a.patch": mail("Greet", diff, { Fields: fields }) });
    expect(patch?.seed).toBe("0123456789");
  });

  test("may write to a path where an earlier patch deleted a link", async ({ folder }) => {
    const link = (kind: string, before: string, after: string) =>
      `diff --git a/way b/way\n${kind} file mode 120000\n--- ${before}\n+++ ${after}\n@@ -${kind === "new" ? "0,0 +1" : "1 +0,0"} @@\n${kind === "new" ? "+" : "-"}lib\n\\ No newline at end of file\n`;
    const inside =
      "diff --git a/way/in.txt b/way/in.txt\nnew file mode 100644\n--- /dev/null\n+++ b/way/in.txt\n@@ -0,0 +1 @@\n+x\n";
    const patches = await readPatches(folder, {
      series: "make.patch\nundo.patch\nfill.patch\n",
      "make.patch": mail("Make", link("new", "/dev/null", "b/way")),
      "undo.patch": mail("Undo", link("deleted", "a/way", "/dev/null")),
      "fill.patch": mail("Fill", inside),
    });
    expect(patches.length).toBe(3);
  });
});

describe("a source", () => {
  const read = async (folder: string, more: string, patch?: string) => {
    await writeFiles(folder, {
      [`${demo}/source.yaml`]: sourceYaml("upstream", more),
      [`${demo}/series`]: patch === undefined ? "" : "a.patch\n",
      [`${demo}/a.patch`]: patch,
    });
    return readSource({ root: folder, work: join(folder, ".kovn") }, "1.0", "demo", host);
  };
  const merged = `merged: [{ seed: aaaaaaaaaa, commit: ${"a".repeat(40)}, since: "3.0", effect: { file: f, text: t } }]\n`;

  test("says which entries it drops, since when and why", async ({ folder }) => {
    const { dropped } = await read(folder, "dropped: [{ seed: bbbbbbbbbb, since: 1.12.1, why: nobody sets it }]\n");
    expect(dropped).toEqual([{ seed: "bbbbbbbbbb", since: "1.12.1", why: "nobody sets it" }]);
  });

  const drops: readonly (readonly [string, string, string])[] = [
    [
      "merged too",
      `${merged}dropped: [{ seed: aaaaaaaaaa, since: "1", why: w }]\n`,
      ":7:19: `seed`: this entry is in `merged` too.",
    ],
    [
      "dropped twice",
      `dropped: [{ seed: bbbbbbbbbb, since: "1", why: w }, { seed: bbbbbbbbbb, since: "1", why: w }]\n`,
      ":6:61: `seed`: this entry is listed twice.",
    ],
    ["dropped for no reason", `dropped: [{ seed: bbbbbbbbbb, since: "1" }]\n`, ":6:11: Key `why` is missing here."],
  ];
  test.for(drops)("refuses an entry that is %s", async ([, more, message], { folder }) => {
    await expect(read(folder, more)).rejects.toThrow(`patches/1.0/demo/source.yaml${message}`);
  });

  test("may say that patches need not have the fields; one that is there is valid", async ({ folder }) => {
    const foreign = mail("Greet", diff, { Fields: "Signed-off-by: Pat Cher <pat@example.com>" });
    await expect(read(folder, "", foreign)).rejects.toThrow("lacks the field `Origin:`");
    const { patches } = await read(folder, "fields: optional\n", foreign);
    expect(patches).toMatchObject([{ name: "a.patch", seed: "none", origin: "" }]);
    const wrong = mail("Greet", diff, { Fields: "Seed: 12" });
    await expect(read(folder, "fields: optional\n", wrong)).rejects.toThrow("Field `Seed: 12` does not match");
  });
});
