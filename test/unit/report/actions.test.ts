import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { BuildError, projectError } from "../../../src/errors.ts";
import { makeActions } from "../../../src/report/actions.ts";
import { test } from "../../helpers/folder.ts";

/** `Actions` in a folder, with what is written to the log. */
function start(folder: string) {
  let log = "";
  const env = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: join(folder, "summary"), GITHUB_OUTPUT: join(folder, "output") };
  const actions = makeActions(env, (text) => void (log += text), String);
  if (actions === undefined) throw new Error("not inside of Actions");
  return { actions, log: () => log, read: (name: string) => readFile(join(folder, name), "utf8") };
}

describe("a summary", () => {
  test("stays below 1 MiB, including what is there already, and says that something is omitted", async ({ folder }) => {
    const { actions, read } = start(folder);
    const row = `- ${"ä".repeat(40)}\n`;
    await writeFile(join(folder, "summary"), "# Before\n\n");
    actions.summarize(row.repeat(20_000));
    const text = await read("summary");
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    expect(Buffer.byteLength(text)).toBeGreaterThan(990_000);
    expect(text).toMatch(/^# Before\n\n- ä/);
    expect(text).toMatch(/ä\n\nThe rest is omitted here; see the log\.\n\n$/);
    actions.summarize(row);
    expect(await read("summary")).toBe(text);
  });
});

describe("an annotation", () => {
  test("escapes line ends, percent signs and colons", ({ folder }) => {
    const { actions, log } = start(folder);
    actions.annotate(new BuildError("patch", "100 %\nwrong", { at: [{ file: "a,b:c.patch", line: 7 }] }));
    expect(log()).toBe("::error file=a%2Cb%3Ac.patch,line=7,title=kovn-build::100 %25%0Awrong\n");
  });

  test("has at most ten places, as many as GitHub shows", ({ folder }) => {
    const { actions, log } = start(folder);
    const place = { file: "patches/a.yaml", column: 1, message: "Wrong." };
    actions.annotate(projectError(Array.from({ length: 12 }, (_, index) => ({ ...place, line: index + 1 }))));
    expect(log().split("\n")).toHaveLength(11);
    expect(log()).toContain("::error file=patches/a.yaml,line=10,title=kovn-build::Wrong.\n");
  });
});

test("an output may have any lines", async ({ folder }) => {
  const { actions, read } = start(folder);
  actions.output("text", "EOF\nmore=1");
  const [, end] = /^text<<(\S+)\n/.exec(await read("output")) ?? [];
  expect(await read("output")).toBe(`text<<${end}\nEOF\nmore=1\n${end}\n`);
});

test("printed text is never mistaken for a command", ({ folder }) => {
  const { actions } = start(folder);
  expect(actions.plain("::set-env name=A::1\n  ::error::x\na ##[debug]b\nplain :: text\n")).toBe(
    ": :set-env name=A::1\n  : :error::x\na # #[debug]b\nplain :: text\n",
  );
});
