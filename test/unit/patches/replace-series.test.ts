import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { replaceSeries, seriesText } from "../../../src/patches/replace-series.ts";
import { contentOf } from "../../helpers/content.ts";
import { test } from "../../helpers/folder.ts";
import { writeFiles } from "../../helpers/project.ts";

const old = {
  "demo/series": "# Why.\none.patch\ntwo.patch\n",
  "demo/one.patch": "one",
  "demo/two.patch": "two",
  "demo/source.yaml": "x",
  "demo/packaging/series": "",
  "demo/notes.txt": "#!/bin/sh\n",
};
const mails = new Map([["three.patch", Buffer.from("thr\xe9e", "latin1")]]);
const names = ["three.patch", "one.patch"];

describe("a series is replaced", () => {
  test("with all other files of its folder as they are", async ({ folder }) => {
    await writeFiles(folder, old);
    const before = await stat(join(folder, "demo/one.patch"));
    expect(await replaceSeries(join(folder, "demo"), { names, mails }, async () => {})).toEqual(["two.patch"]);
    const { "demo/two.patch": _, ...kept } = old;
    const content = { demo: "folder", "demo/packaging": "folder", ...kept, "demo/three.patch": "thr\xe9e" };
    expect(await contentOf(folder)).toEqual({ ...content, "demo/series": "# Why.\nthree.patch\none.patch\n" });
    expect((await stat(join(folder, "demo/one.patch"))).mtimeMs).toBeCloseTo(before.mtimeMs, -1);
    expect((await stat(join(folder, "demo/notes.txt"))).mode & 0o777).toBe(0o755);
  });

  test("only when the copy is complete and right", async ({ folder }) => {
    await writeFiles(folder, old);
    const before = await contentOf(folder);
    const wrong = replaceSeries(join(folder, "demo"), { names, mails }, async (copy) => {
      expect(await readFile(join(copy, "series"), "utf8")).toBe("# Why.\nthree.patch\none.patch\n");
      expect(await readFile(join(folder, "demo/series"), "utf8")).toBe(old["demo/series"]);
      throw new Error("wrong");
    });
    await expect(wrong).rejects.toThrow("wrong");
    expect(await contentOf(folder)).toEqual(before);
  });

  test("not at all when nothing changes", async ({ folder }) => {
    await writeFiles(folder, old);
    const before = await stat(join(folder, "demo"));
    await replaceSeries(join(folder, "demo"), { names: ["one.patch", "two.patch"], mails: new Map() }, async () => {
      throw new Error("there is no copy");
    });
    expect((await stat(join(folder, "demo"))).ino).toBe(before.ino);
  });
});

const text = "# Of all.\n\none.patch # first\n# Of two.\ntwo.patch\nthree.patch\n# End.\n";

test.for([
  ["the same names: nothing changes", ["one.patch", "two.patch", "three.patch"], [], text],
  [
    "another order: comments at the top stay there, others go with the patch below",
    ["three.patch", "two.patch", "one.patch"],
    [],
    "# Of all.\n\nthree.patch\n# Of two.\ntwo.patch\none.patch # first\n# End.\n",
  ],
  ["a patch less: its comment goes", ["one.patch", "three.patch"], [], "# Of all.\n\none.patch # first\nthree.patch\n# End.\n"],
  [
    "another name: its comments stay",
    ["won.patch", "too.patch", "three.patch"],
    [
      ["won.patch", "one.patch"],
      ["too.patch", "two.patch"],
    ],
    "# Of all.\n\nwon.patch # first\n# Of two.\ntoo.patch\nthree.patch\n# End.\n",
  ],
  ["no patch at all", [], [], "# Of all.\n\n# End.\n"],
] as const)("a series gets %s", ([, after, renamed, expected]) => {
  expect(seriesText(text, after, new Map(renamed))).toBe(expected);
});
