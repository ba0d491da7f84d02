import { describe, expect, test } from "vitest";
import type { Found } from "../../../../src/patches/import/draft.ts";
import { headerOf, nameOf } from "../../../../src/patches/import/header.ts";

const date = "1700000000 +0100";

function found(parts: Partial<Found>): Found {
  return { at: "a", fields: {}, diff: Buffer.from("diff --git a/lib/x.c b/lib/x.c\n--- a/lib/x.c\n+++ b/lib/x.c\n"), ...parts };
}

const subjects: readonly (readonly [Partial<Found>, string])[] = [
  [{ subject: "lib: Fix it." }, "lib: Fix it."],
  [{ subject: "  Re: [PATCH v3 2/4] [windows]  a\n b\t" }, "[windows] a b"],
  [{ name: "0003-fix_the-hash" }, "Fix the hash"],
  [{ name: "38df6fa3f721dc53464fcff61dbc2bc79c710ab1" }, "Change lib/x.c"],
  [{ subject: "[PATCH]", name: "0001" }, "Change lib/x.c"],
];

test.for(subjects)("the subject of %j", ([parts, subject]) => {
  expect(headerOf(found(parts), date).subject).toBe(subject);
});

const authors: readonly (readonly [name: string, email: string, written: string])[] = [
  ["Pat Cher", "pat@example.com", "Pat Cher <pat@example.com>"],
  ['"John Jr."', "<j@example.com>", "John Jr <j@example.com>"],
  ["", "a b@example.com", "ab@example.com <ab@example.com>"],
  ["Pat", " ", "unknown <unknown@localhost>"],
];

test.for(authors)("the author %j <%s>", ([name, email, written]) => {
  expect(headerOf(found({ author: { name, email } }), date).author).toBe(written);
});

const dates: readonly (readonly [string, string])[] = [
  ["2023-11-14T10:00:00+08:00", "1699927200 +0800"],
  ["2023-11-14T10:00:00Z", "1699956000 +0000"],
  ["2023-11-14T10:00:00-0330", "1699968600 -0330"],
  ["1960-01-01T00:00:00Z", date],
  ["yesterday", date],
];

test.for(dates)("the date %s", ([given, written]) => {
  expect(headerOf(found({ date: given }), date).date).toBe(written);
});

describe("a body", () => {
  test("says what the patch does not name", () => {
    expect(headerOf(found({ name: "fix" }), date).body).toBe("Imported from fix, which names no author and no date.");
    const author = { name: "Pat", email: "p@example.com" };
    expect(headerOf(found({ author, date: "2023-11-14T10:00:00Z", body: "Why.\n" }), date).body).toBe("Why.");
  });

  test("has no line that ends a message", () => {
    const body = "a\n---\ndiff --git a b\nIndex: x\nFrom me@example.com Tue Nov 14 10:00:00 2023\n----\r\nb";
    const header = headerOf(found({ author: { name: "P", email: "p@e" }, date: "2023-11-14T10:00:00Z", body }), date);
    expect(header.body).toBe("a\n ---\n diff --git a b\n Index: x\n From me@example.com Tue Nov 14 10:00:00 2023\n----\nb");
    expect(header.notes).toEqual(["lines of its message are indented, which git would take for a diff: `---`"]);
  });
});

test.for([
  ["0001-fix-it", "fix-it"],
  ["v2-0003-fix", "fix"],
  ["12_ipv6", "ipv6"],
  ["38df6fa3f7", undefined],
  ["0042", undefined],
] as const)("the name of %s", ([name, plain]) => {
  expect(nameOf(found({ name }))).toBe(plain);
});
