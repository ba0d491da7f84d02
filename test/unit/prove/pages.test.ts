import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { nameOf } from "../../../src/prove/check.ts";
import { readClaims } from "../../../src/prove/claims.ts";
import { checksFor } from "../../../src/prove/registry.ts";
import { host } from "../../helpers/host.ts";

interface Page {
  readonly page: string;
  readonly system: "linux" | "windows";
  readonly line: string;
  /** The page of unpatched programs. */
  readonly unpatched?: string;
}

const pages: readonly Page[] = [
  { page: "linux-1.12", system: "linux", line: "1.12", unpatched: "linux-1.12-unpatched" },
  { page: "linux-1.12-arm64", system: "linux", line: "1.12" },
  { page: "linux-1.17", system: "linux", line: "1.17", unpatched: "linux-1.17-unpatched" },
  { page: "linux-1.17-arm64", system: "linux", line: "1.17" },
  { page: "windows-1.12", system: "windows", line: "1.12" },
  { page: "windows-1.17", system: "windows", line: "1.17" },
];

/** The checks of a page: all entries of the seed, and the patches and picks that the line carries. */
async function checksOn({ system, line }: Page) {
  const project = { root: process.cwd(), work: "" };
  const claims = await readClaims({ line, checks: [] }, checksFor(system, line), project, host);
  return claims.flatMap(({ check, absent }) => ("entry" in check || absent === undefined ? [check] : []));
}

const all = pages.flatMap((one) => (one.unpatched === undefined ? [one] : [one, { ...one, page: one.unpatched }]));
test.each(all)("page $page has a row for each check of line $line, and docs/proof.md counts them", async (one) => {
  const rows = await readRows(one.page);
  expect(rows.map(({ check }) => check)).toEqual((await checksOn(one)).map(nameOf));
  const sum = ["pass", "fail", "skipped"].flatMap((verdict) => {
    const found = rows.filter((row) => row.verdict === verdict).length;
    return found === 0 ? [] : [`${found} ${verdict}`];
  });
  expect(await readFile("docs/proof.md", "utf8")).toContain(`(proof/${one.page}.md): ${sum.join(", ")} |`);
});

test.each(pages)("patched programs on page $page fail no check", async ({ page }) => {
  expect((await readRows(page)).filter(({ verdict }) => verdict === "fail")).toEqual([]);
});

const compared = pages.flatMap((one) => (one.unpatched === undefined ? [] : [[one.unpatched, one] as const]));
test.each(compared)("unpatched programs on page %s pass only where they behave the same", async (unpatched, one) => {
  const same = (await checksOn(one)).flatMap((check) => (check.unpatched === "same" ? [nameOf(check)] : []));
  const passed = (await readRows(unpatched)).filter(({ verdict }) => verdict === "pass");
  expect(same).toEqual(expect.arrayContaining(passed.map(({ check }) => check)));
});

const suites = ["1.12", "1.17"].flatMap((line) => ["ovs", "ovn"].map((source) => [source, line] as const));
test.each(suites)("upstream's tests of %s on page suite-%s are counted, with no regression", async (source, line) => {
  const text = await readFile(`docs/proof/suite-${line}.md`, "utf8");
  const part = text.split(/(?=<!-- \w+: written by)/).find((one) => one.startsWith(`<!-- ${source}:`)) ?? "";
  const sums = /^\| version \|.* \| tests \| passed \| .* \| regression \| failed \| known \| flaky \|\n.*\n(.*) \|$/m.exec(
    part,
  )?.[1];
  const [tests = 0, passed = 0, ...others] = (sums ?? "").split(" | ").slice(3).map(Number);
  expect(passed).toBeGreaterThan(500);
  expect(others).toEqual([expect.any(Number), expect.any(Number), 0, 0, expect.any(Number), expect.any(Number)]);
  expect(others.reduce((sum, one) => sum + one, passed)).toBe(tests);
});

interface Row {
  readonly check: string;
  readonly verdict: string;
}

async function readRows(page: string): Promise<readonly Row[]> {
  const text = await readFile(`docs/proof/${page}.md`, "utf8");
  return [...text.matchAll(/^\| `?([\w-]+)`? \| (pass|fail|skipped) \|/gm)].map(([, check = "", verdict = ""]) => ({
    check,
    verdict,
  }));
}
