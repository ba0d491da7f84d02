import { describe, expect } from "vitest";
import { aboutLine, checkLinesFile, lineName, listLines, pickLine, readLines } from "../../../src/config/lines.ts";
import { test } from "../../helpers/folder.ts";
import { writeFiles } from "../../helpers/project.ts";

const projectOf = (root: string) => ({ root, work: "" });

/** A project with lines 1.9, 1.12 and 1.17, and with this `lines.yaml`, if any. */
async function makeLines(folder: string, text?: string) {
  const lines = Object.fromEntries(["1.9", "1.12", "1.17"].map((line) => [`patches/${line}/demo/series`, ""]));
  await writeFiles(folder, { ...lines, "patches/notes/a": "", "patches/lines.yaml": text });
  return projectOf(folder);
}

const both = `default: "1.12"
lines:
  - { line: "1.9", standsFor: Kube-OVN 1.9, supportedUntil: "2024" }
  - { line: "1.17", standsFor: Kube-OVN 1.17, supportedUntil: 2029-06-30 }
  - { line: "1.12", supportedUntil: 2026-02 }
`;

describe("without lines.yaml", () => {
  test("lines are the folders named like a version, oldest first, and the newest is the default", async ({ folder }) => {
    const project = await makeLines(folder);
    expect(await listLines(project)).toEqual(["1.9", "1.12", "1.17"]);
    expect(await pickLine(project, undefined)).toBe("1.17");
    expect(await pickLine(project, "1.9")).toBe("1.9");
    expect(await checkLinesFile(project)).toBeUndefined();
    expect(await aboutLine(project, "1.9")).toEqual({ about: { name: "1.9" } });
  });
});

test("a version or tag names its line", () => {
  expect(["1.12", "1.12.3", "v1.12.3-rc.1", "1.12.x"].map(lineName)).toEqual(["1.12", "1.12", "1.12", "1.12.x"]);
});

describe("with lines.yaml", () => {
  test("its order and its default count, not the newest folder", async ({ folder }) => {
    const project = await makeLines(folder, both);
    expect((await readLines(project)).all.map(({ name }) => name)).toEqual(["1.9", "1.17", "1.12"]);
    expect(await pickLine(project, undefined)).toBe("1.12");
    expect(await pickLine(project, "v1.17.3-rc.1")).toBe("1.17");
    expect(await checkLinesFile(project)).toBe("1.9, 1.17, 1.12; the default is 1.12");
    expect(await pickLine(await makeLines(folder, both.replace('"1.12"', '"1.9"')), undefined)).toBe("1.9");
  });

  test("an unknown line names the known ones and what they are for", async ({ folder }) => {
    await expect(pickLine(await makeLines(folder, both), "1.16")).rejects.toMatchObject({
      code: "usage",
      message:
        "Line `1.16` is unknown. Available: `1.9` (Kube-OVN 1.9, supported until 2024), `1.17` (Kube-OVN 1.17, supported until 2029-06-30), `1.12` (supported until 2026-02).",
      hint: "Did you mean `1.17`?",
    });
  });

  const days: readonly (readonly [line: string, day: string, ended: string | undefined])[] = [
    ["1.12", "2026-02-28", undefined],
    ["1.12", "2026-03-01", "Line 1.12 was supported until 2026-02. (--line 1.17)"],
    ["1.9", "2024-12-31", undefined],
    ["1.9", "2025-01-01", "Line 1.9 is for Kube-OVN 1.9, which was supported until 2024. (--line 1.12)"],
    ["1.17", "2029-06-30", undefined],
    ["1.17", "2029-07-01", "Line 1.17 is for Kube-OVN 1.17, which was supported until 2029-06-30."],
  ];
  test.for(days)("the support of %s on %s has ended or not", async ([line, day, ended], { folder }) => {
    const project = await makeLines(folder, both);
    expect((await aboutLine(project, line, new Date(`${day}T12:00:00Z`))).ended).toBe(ended);
  });

  test("a folder that is not listed is still a line, and a wrong file names each place", async ({ folder }) => {
    const project = await makeLines(folder, 'default: "1.18"\nlines:\n  - line: "1.18"\n  - line: "1.12"\n');
    expect(await pickLine(project, "1.9")).toBe("1.9");
    const message = [
      "patches/lines.yaml:3:11: `line`: folder patches/1.18 does not exist.",
      "patches/lines.yaml:3:3: `lines`: folder patches/1.9 is not listed.",
      "patches/lines.yaml:3:3: `lines`: folder patches/1.17 is not listed.",
    ].join("\n");
    await expect(checkLinesFile(project)).rejects.toMatchObject({ code: "project", message });
    await expect(pickLine(project, undefined)).rejects.toMatchObject({ code: "project", message });
  });

  const wrong: readonly (readonly [string, string, string])[] = [
    [
      "a default that is not listed",
      'default: "1.9"\nlines: [{ line: "1.12" }]\n',
      ":1:10: `default`: line 1.9 is not in `lines`.",
    ],
    [
      "a line that is listed twice",
      'default: "1.9"\nlines: [{ line: "1.9" }, { line: "1.9" }]\n',
      ":2:34: `line`: this line is listed twice.",
    ],
    [
      "a number",
      'default: "1.9"\nlines: [{ line: 1.9 }]\n',
      ':2:17: `line`: `1.9` is the number 1.9 in YAML: write "1.9" with quotes.',
    ],
    [
      "a month that there is not",
      'default: "1.9"\nlines: [{ line: "1.9", supportedUntil: 2026-13 }]\n',
      ":2:40: `supportedUntil`: expected a year, a month or a day, such as 2026-02.",
    ],
    ["no line", 'default: "1.9"\nlines: []\n', ":2:8: `lines`: expected at least one line."],
  ];
  test.for(wrong)("%s is refused", async ([, text, message], { folder }) => {
    await expect(pickLine(await makeLines(folder, text), undefined)).rejects.toMatchObject({
      code: "project",
      message: expect.stringContaining(`patches/lines.yaml${message}`) as string,
    });
  });
});
