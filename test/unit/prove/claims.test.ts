import { expect } from "vitest";
import type { Check, Subject } from "../../../src/prove/check.ts";
import { readClaims, type ClaimOptions } from "../../../src/prove/claims.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { mail, newFile, sourceYaml, writeFiles } from "../../helpers/project.ts";

const check = (subject: Subject): Check => ({
  ...subject,
  ...{ behavior: "it is so", programs: [], files: [], unpatched: "differs", observe: async () => [] },
});
const checks = [
  ...[1, 2, 3, 4].map((entry) => check({ entry })),
  check({ patch: "greet-new" }),
  check({ patch: "greet-old" }),
  check({ pick: "abcdef1" }),
  check({ patch: "of-no-line" }),
];

const fields = (seed: string) => ({ Fields: `Origin: vendor\nForwarded: no\nSeed: ${seed}\nLast-Update: 2026-11-22` });
const pick = `picks: [{ commit: ${"abcdef1".padEnd(40, "0")}, why: jitter }]\n`;

/**
 * A project whose seed has three entries of `demo` and one of `other`. Line 1.0 has patches for the
 * first two, and a pick; line 1.1 drops the second.
 */
async function makeLines(folder: string, more = "") {
  const entry = (digit: number, source = "demo") =>
    `- { entry: ${digit}, source: ${source}, repository: a/b, commit: "${String(digit).repeat(40)}", title: Change ${digit} }\n`;
  const one = mail("First", newFile("one", "1"), fields("1111111111"));
  const two = mail("Second", newFile("two", "2"), fields("2222222222"));
  await writeFiles(folder, {
    "patches/seed.yaml": [entry(1), entry(2), entry(3), entry(4, "other")].join(""),
    "patches/1.0/demo/source.yaml": sourceYaml("upstream", pick),
    "patches/1.0/demo/series": "one.patch\ntwo.patch\ngreet-old.patch\n",
    "patches/1.0/demo/one.patch": one,
    "patches/1.0/demo/two.patch": two,
    "patches/1.0/demo/greet-old.patch": mail("Greet as before", newFile("old", "old")),
    "patches/1.1/demo/source.yaml": sourceYaml(
      "upstream",
      `${more}dropped: [{ seed: "2222222222", since: 1.0.1, why: nobody greets }]\n`,
    ).replace("1.2.3", "2.0.0"),
    "patches/1.1/demo/series": "one.patch\ngreet-new.patch\n",
    "patches/1.1/demo/one.patch": one,
    "patches/1.1/demo/greet-new.patch": mail("Greet in a new way", newFile("new", "new")),
  });
  return { root: folder, work: "" };
}

async function claim(folder: string, options: Partial<ClaimOptions> = {}, more?: string) {
  const claims = await readClaims({ checks: [], ...options }, checks, await makeLines(folder, more), host);
  return claims.map(({ check: own, version, absent, title }) => [
    "entry" in own ? own.entry : "patch" in own ? own.patch : own.pick,
    absent ?? `${title}, ${version}`,
  ]);
}

const noOther = "it has no source other";

test("the checks of a line are those of its series; what it does not carry has the reason", async ({ folder }) => {
  const newer = [
    [1, "Change 1, 2.0.0"],
    [2, "line 1.1 does not carry it (since 1.0.1: nobody greets)"],
    [3, "Change 3, 2.0.0"],
    [4, `line 1.1 does not carry it (${noOther})`],
    ["greet-new", "Greet in a new way, 2.0.0"],
    ["greet-old", "line 1.1 does not carry it"],
    ["abcdef1", "line 1.1 does not carry it"],
  ];
  expect(await claim(folder)).toEqual(newer);
  expect(await claim(folder, { line: "1.0" })).toEqual([
    [1, "Change 1, 1.2.3"],
    [2, "Change 2, 1.2.3"],
    [3, "Change 3, 1.2.3"],
    [4, `line 1.0 does not carry it (${noOther})`],
    ["greet-new", "line 1.0 does not carry it"],
    ["greet-old", "Greet as before, 1.2.3"],
    ["abcdef1", "jitter, 1.2.3"],
  ]);
});

test("an entry without a patch is checked, unless the source need not account for it", async ({ folder }) => {
  const claims = await claim(folder, { checks: ["1", "3"] }, "seed: optional\n");
  expect(claims).toEqual([
    [1, "Change 1, 2.0.0"],
    [3, "line 1.1 does not carry it (it need not account for the seed)"],
  ]);
});

test("a check of another line can be named, and one of no line cannot", async ({ folder }) => {
  expect(await claim(folder, { checks: ["greet-old"] })).toEqual([["greet-old", "line 1.1 does not carry it"]]);
  await expect(claim(folder, { checks: ["of-no-line"] })).rejects.toThrow("Check `of-no-line` is unknown.");
});

test("another line need not be readable", async ({ folder }) => {
  const project = await makeLines(folder);
  await writeFiles(folder, { "patches/1.0/demo/series": "no.patch\n" });
  const claims = await readClaims({ checks: [], line: "1.1" }, checks, project, host);
  expect(claims.map(({ title }) => title)).toEqual(["Change 1", "Change 2", "Change 3", "Change 4", "Greet in a new way"]);
});

test("a check of a patch that several sources have names its source", async ({ folder }) => {
  const project = await makeLines(folder);
  await writeFiles(folder, {
    "patches/1.1/another/source.yaml": sourceYaml("upstream").replace("1.2.3", "3.0.0"),
    "patches/1.1/another/series": "greet-new.patch\n",
    "patches/1.1/another/greet-new.patch": mail("Greet elsewhere", newFile("new", "new")),
  });
  const own = [check({ patch: "greet-new", source: "demo" })];
  const claims = await readClaims({ checks: [], line: "1.1" }, own, project, host);
  expect(claims).toMatchObject([{ source: "demo", version: "2.0.0", title: "Greet in a new way" }]);
});
