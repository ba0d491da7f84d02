import { join } from "node:path";
import { describe, expect } from "vitest";
import type { BuildError } from "../../../src/errors.ts";
import { checkoutPatched } from "../../../src/patches/apply.ts";
import { fetchBase } from "../../../src/patches/mirror.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { aPatch, aSource } from "../../helpers/plan.ts";
import { mail, makeUpstream, newFile, pin, replaceLine, writeFiles } from "../../helpers/project.ts";

/** A diff of numbers.txt, which has the numbers from 1 to 20: each row is a first line and the rows below its `@@`. */
function numbers(...hunks: readonly (readonly [line: number, rows: readonly string[]])[]): string {
  const head = "diff --git a/numbers.txt b/numbers.txt\n--- a/numbers.txt\n+++ b/numbers.txt\n";
  let moved = 0;
  const text = hunks.map(([line, rows]) => {
    const [old, now] = ["-", "+"].map((sign) => rows.filter((row) => row.startsWith(" ") || row.startsWith(sign)).length);
    const start = line + moved;
    moved += (now ?? 0) - (old ?? 0);
    return `@@ -${line},${old} +${start},${now} @@\n${rows.join("\n")}\n`;
  });
  return head + text.join("");
}

const ten = numbers([9, [" 9", "-10", "+ten", " 11"]]);
const insert = numbers([1, ["+zero", "+half", " 1", " 2", " 3"]]);
const atTwoPlaces = numbers([9, [" 9", "-10", "+TEN", " 11"]], [14, [" 14", "-15", "+FIFTEEN", " 16"]]);
const elsewhere = numbers([9, [" 9", "-X", "+ten", " 11"]], [14, [" 14", "-Y", "+fifteen", " 16"]]);
const onTop = numbers([9, [" 9", "-ten", "+TEN", " 11"]]);
const usual = "kovn-build patches apply demo DIR --line 1.0 --until last, then in DIR: git am --3way";

/** What happens, the series as names and diffs, the causes of its failure in words, and what to type. */
const rows: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[], string])[] = [
  [
    "each hunk of a file, with its own cause",
    { "ten.patch": ten, "last.patch": numbers([9, [" 9", "-10", "+TEN", " 11"]], [14, [" 14", "-Y", "+fifteen", " 16"]]) },
    ["numbers.txt, hunk at line 9: conflicts with earlier patch `ten.patch`", "line 14: upstream changed these lines"],
    usual,
  ],
  [
    "upstream, when no earlier patch changed the lines",
    { "insert.patch": insert, "last.patch": elsewhere },
    ["hunk at line 9: upstream changed these lines", "hunk at line 14: upstream changed these lines"],
    usual,
  ],
  [
    "the earlier patch, although the lines moved",
    { "insert.patch": insert, "ten.patch": numbers([11, [" 9", "-10", "+ten", " 11"]]), "last.patch": atTwoPlaces },
    ["hunk at line 9: conflicts with earlier patch `ten.patch`"],
    usual,
  ],
  [
    "the newer of two earlier patches only if it is the one",
    { "ten.patch": ten, "insert.patch": insert, "last.patch": atTwoPlaces },
    ["hunk at line 9: conflicts with earlier patch `ten.patch`"],
    usual,
  ],
  [
    "a wrong order",
    { "last.patch": onTop, "insert.patch": insert, "ten.patch": numbers([11, [" 9", "-10", "+ten", " 11"]]) },
    ["hunk at line 9: needs later patch `ten.patch`"],
    "put `ten.patch` above `last.patch` in `series`",
  ],
  [
    "a file that a later patch makes",
    { "last.patch": replaceLine("new.txt", "x", "y"), "new.patch": newFile("new.txt", "x") },
    ["new.txt: needs later patch `new.patch`"],
    "put `new.patch` above `last.patch` in `series`",
  ],
  [
    "a change that upstream has",
    { "ten.patch": ten, "last.patch": numbers([14, [" 14", "-XV", "+15", " 16"]]) },
    ["hunk at line 14: upstream has this change already"],
    "remove `last.patch` and its line in `series`",
  ],
  [
    "a file that upstream has",
    { "last.patch": newFile("greeting.txt", "hello") },
    ["greeting.txt: upstream has this change already"],
    "remove `last.patch`",
  ],
  [
    "a change that an earlier patch makes",
    { "insert.patch": insert, "ten.patch": numbers([11, [" 9", "-10", "+ten", " 11"]]), "last.patch": ten },
    ["hunk at line 9: earlier patch `ten.patch` makes this change already"],
    "remove `last.patch`",
  ],
  ["a file that upstream lacks", { "last.patch": replaceLine("none.c", "a", "b") }, ["none.c: upstream has no such file"], usual],
  [
    "another file of the same name",
    { "last.patch": newFile("greeting.txt", "good day") },
    ["greeting.txt: upstream has such a file"],
    usual,
  ],
];

describe("a conflict reports", () => {
  test.for(rows)("%s", async ([, diffs, causes, advice], { folder }) => {
    const upstream = join(folder, "upstream");
    await makeUpstream(upstream);
    const mails = Object.entries(diffs).map(([name, diff]) => [name, mail(`Patch ${name}`, diff)]);
    await writeFiles(join(folder, "patches"), Object.fromEntries(mails));
    const patches = Object.keys(diffs).map((name) => aPatch(name, { path: join(folder, "patches", name) }));
    const source = aSource({ name: "demo", upstream, commit: pin, patches });
    const base = await fetchBase({ kind: "git", url: upstream, commit: pin }, { work: join(folder, "work"), host });
    const error = (await checkoutPatched(source, base, join(folder, "tree"), host).catch(
      (reason: unknown) => reason,
    )) as BuildError;
    const [head, ...details] = error.message.split("\n");
    expect(head).toContain("Patch `last.patch` (");
    expect(details.length).toBe(causes.length);
    for (const [index, cause] of causes.entries()) expect(details[index]).toContain(cause);
    expect(error.hint).toContain(advice);
    expect(error.at.length).toBe(causes.length);
  });
});
