import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { nameOf } from "../../../src/prove/check.ts";
import { checksFor } from "../../../src/prove/registry.ts";

const pages = [
  ["linux", "linux"],
  ["linux-unpatched", "linux"],
  ["windows", "windows"],
] as const;

test.each(pages)("docs/proof/%s.md has a row for each check, and docs/proof.md counts them", async (page, system) => {
  const rows = await readRows(page);
  expect(rows.map(({ check }) => check)).toEqual(checksFor(system).map(nameOf));
  const sum = ["pass", "fail", "skipped"].flatMap((verdict) => {
    const found = rows.filter((row) => row.verdict === verdict).length;
    return found === 0 ? [] : [`${found} ${verdict}`];
  });
  expect(await readFile("docs/proof.md", "utf8")).toContain(`(proof/${page}.md): ${sum.join(", ")} |`);
});

test("patched programs fail no check, and unpatched ones pass only where they behave the same", async () => {
  for (const page of ["linux", "windows"]) expect((await readRows(page)).filter(({ verdict }) => verdict === "fail")).toEqual([]);
  const same = checksFor("linux").flatMap((check) => (check.unpatched === "same" ? [nameOf(check)] : []));
  const passed = (await readRows("linux-unpatched")).filter(({ verdict }) => verdict === "pass");
  expect(same).toEqual(expect.arrayContaining(passed.map(({ check }) => check)));
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
