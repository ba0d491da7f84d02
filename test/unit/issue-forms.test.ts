import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

interface Form {
  readonly name: string;
  readonly description: string;
  readonly body: readonly {
    readonly type: string;
    readonly id?: string;
    readonly attributes: Readonly<Record<string, string>>;
    readonly validations?: { readonly required: boolean };
  }[];
}

const folder = ".github/ISSUE_TEMPLATE";
const files = readdirSync(folder).filter((name) => name !== "config.yml");
const read = (file: string) => parse(readFileSync(join(folder, file), "utf8")) as Form;

// GitHub shows no form at all when one of these is wrong.
describe.each(files)("issue form %s", (file) => {
  const { name, description, body } = read(file);
  const fields = body.filter(({ type }) => type !== "markdown");

  test("says what it is for", () => {
    expect(name).toMatch(/\S/);
    expect(description).toMatch(/\S/);
  });

  test("has fields with ids and labels of their own", () => {
    expect(fields.length).toBeGreaterThan(0);
    for (const { type, id } of fields) {
      expect(["input", "textarea", "dropdown", "checkboxes"]).toContain(type);
      expect(id).toMatch(/^[\w-]+$/);
    }
    expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length);
    const labels = fields.map(({ attributes }) => attributes["label"] ?? "");
    expect(labels).not.toContain("");
    expect(new Set(labels).size).toBe(fields.length);
  });
});

test("a bug report has the version, the command, the log and what doctor says", () => {
  const required = read("bug.yml").body.filter(({ validations }) => validations?.required);
  expect(required.map(({ id }) => id)).toEqual(expect.arrayContaining(["version", "command", "log", "doctor"]));
});
