import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { digestOfManifest, verifiedName, whyUnverified, writeVerified, type Verified } from "../../../src/dist/verified.ts";
import { test } from "../../helpers/folder.ts";

/** Writes records one after the other, of this `artifacts.json` unless they name another one; why the folder is unverified then. */
async function why(folder: string, records: readonly Partial<Omit<Verified, "schema">>[]): Promise<string | undefined> {
  await writeFile(join(folder, "artifacts.json"), "{}\n");
  const artifacts = await digestOfManifest(folder);
  for (const record of records) await writeVerified(folder, { artifacts, run: true, checks: {}, ...record });
  return whyUnverified(folder);
}

const whole = { checks: { integrity: "pass", install: "pass", reproducible: "pass" } } as const;
const bytes = { run: false, checks: { integrity: "pass" } } as const;

test("a record of less keeps what an earlier one says of the same bytes", async ({ folder }) => {
  expect(await why(folder, [bytes])).toBe("was verified with --no-run only");
  expect(await why(folder, [whole, bytes])).toBeUndefined();
});

test("a check that failed fails until it passes", async ({ folder }) => {
  const failed = { checks: { integrity: "pass", install: "fail" } } as const;
  expect(await why(folder, [failed, bytes])).toBe("failed `verify` (install)");
  expect(await why(folder, [failed, bytes, whole])).toBeUndefined();
  expect(await why(folder, [whole, { run: false, checks: { integrity: "fail" } }])).toBe("failed `verify` (integrity)");
});

test("a record of other bytes, and one that cannot be read, are forgotten", async ({ folder }) => {
  expect(await why(folder, [{ ...whole, artifacts: "0".repeat(64) }, bytes])).toBe("was verified with --no-run only");
  await writeFile(join(folder, verifiedName), "{");
  expect(await why(folder, [bytes])).toBe("was verified with --no-run only");
});
