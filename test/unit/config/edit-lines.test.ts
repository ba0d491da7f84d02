import { expect, test } from "vitest";
import { addLine } from "../../../src/config/edit-lines.ts";

test("a line is added at the end, and comments stay", () => {
  const text = 'default: "1.12" # for now\nlines:\n  - line: "1.12"\n    supportedUntil: 2026-02 # then\n# End.\n';
  expect(addLine(text, "1.17")).toBe(text.replace("# End.", '  - { line: "1.17" }\n# End.'));
});

test("a line is added to a list in brackets", () => {
  expect(addLine('default: "1.9"\nlines: [{ line: "1.9" }]\n', "1.10")).toBe(
    'default: "1.9"\nlines: [{ line: "1.9" }, { line: "1.10" }]\n',
  );
});
