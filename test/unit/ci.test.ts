import { join } from "node:path";
import { expect } from "vitest";
import { run } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { writeFiles } from "../helpers/project.ts";

const vitest = "node_modules/vitest/vitest.mjs";
const summarize = ".ci/summarize.mjs";

/** Runs tests with vitest, and returns what CI prints last about them. */
async function summaryOf(folder: string, tests: Readonly<Record<string, string>>) {
  // vitest finds no configuration there, and its modules here.
  await writeFiles(folder, {
    "vitest.config.js": `export default { test: { root: ${JSON.stringify(folder)}, include: ["*.test.js"] } };\n`,
    ...tests,
  });
  const report = join(folder, "report.json");
  const config = join(folder, "vitest.config.js");
  const args = ["run", "--config", config, "--globals", "--reporter=json", `--outputFile=${report}`];
  const ran = await run(process.cwd(), [process.execPath, vitest, ...args], { HOME: folder });
  return { ran, ...(await run(process.cwd(), [process.execPath, summarize, report, report])) };
}

test("CI ends with each test that failed, its message, and the number of tests", async ({ folder }) => {
  const { exitCode, stdout } = await summaryOf(folder, {
    "a.test.js": `test("adds", () => expect(1 + 1).toBe(2));
describe("a group", () => test("counts", () => { expect([1, 2, 3]).toEqual([1, 2]); }));
test.skip("later", () => undefined);
`,
    "b.test.js": `throw new Error("this file cannot be loaded");\n`,
    "c.test.js": `beforeAll(() => { throw new Error("no machine"); });\ntest("never runs", () => undefined);\n`,
  });
  expect(exitCode).toBe(1);
  const lines = stdout.split("\n");
  expect(
    lines
      .filter((line) => line.startsWith("FAILED"))
      .slice(0, 3)
      .map((line) => line.replace(/^FAILED .*\//, "")),
  ).toEqual(expect.arrayContaining(["a.test.js: a group counts", "b.test.js", "c.test.js"]));
  expect(stdout).toContain("\n    AssertionError: expected [ 1, 2, 3 ] to deeply equal [ 1, 2 ]\n");
  expect(stdout).toContain("\n    this file cannot be loaded\n");
  expect(stdout).toContain("no machine");
  expect(lines.at(-1)).toBe("2 passed, 6 failed, 4 skipped");
});

test("CI names a test that passed only when it ran again, and why it failed before", async ({ folder }) => {
  const { exitCode, stdout } = await summaryOf(folder, {
    "a.test.js": `let times = 0;\ntest("adds", { retry: 1 }, () => expect(times++).toBe(1));\n`,
  });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^PASSED THE SECOND TIME .*a\.test\.js: adds\n {4}AssertionError: expected \+?0 to be 1 /);
  expect(stdout).toMatch(/\n2 passed, 0 failed$/);
});

test("CI ends with the number of tests when all pass, and fails for a report that is missing", async ({ folder }) => {
  const { exitCode, stdout } = await summaryOf(folder, { "a.test.js": `test("adds", () => expect(1).toBe(1));\n` });
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "2 passed, 0 failed" });
  const missing = await run(process.cwd(), [process.execPath, summarize, join(folder, "report.json"), join(folder, "none.json")]);
  expect(missing.exitCode).toBe(1);
  expect(missing.stdout).toMatch(
    /^FAILED .*none\.json\n {4}vitest ended before it wrote this report: [^\n]*\n1 passed, 1 failed$/,
  );
});
