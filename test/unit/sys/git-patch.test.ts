import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { glob } from "../../../src/sys/glob.ts";
import { mailHeader, plainMailHeader } from "../../../src/sys/git-patch.ts";
import { host } from "../../helpers/host.ts";

const mail = (subject: string, { from = "Ann Bee <ann.bee@example.com>", body = "Why.\n" } = {}) =>
  `From ${"0".repeat(40)} Mon Sep 17 00:00:00 2001\nFrom: ${from}\nDate: Sun, 22 Nov 2026 12:05:00 +0000\nSubject: ${subject}\n\n${body}---\n f | 1 +\n\ndiff --git a/f b/f\n`;

/** Mails, and whether their header is plain. */
const mails: Readonly<Record<string, readonly [text: string, isPlain: boolean]>> = {
  "an ordinary subject": [mail("[PATCH] raft: Raise a timer to 5000 ms."), true],
  "a folded subject": [mail("[PATCH] tests: Do not build test suites and\n them."), true],
  "an encoded subject": [mail("[PATCH] =?UTF-8?q?Gr=C3=BC=C3=9Fe?="), false],
  "a subject that becomes encoded": [mail("[PATCH] Say =?UTF-8?q?Gr=C3=BC=C3=9Fe?="), false],
  "two tags": [mail("[PATCH] [windows] Fix it."), false],
  "a tag in the subject": [mail("[PATCH] Fix [it]."), false],
  "an answer": [mail("[PATCH] Re: Fix it."), false],
  "bytes that are not ASCII": [mail("[PATCH] Grüße"), false],
  "an encoded author": [mail("[PATCH] Fix it.", { from: "=?UTF-8?q?J=C3=BCrgen?= <j@example.com>" }), false],
  "a quoted author": [mail("[PATCH] Fix it.", { from: '"Bee, Ann" <a@example.com>' }), false],
  "an author in the body": [mail("[PATCH] Fix it.", { body: "From: Cy Dee <cy@example.com>\n\nWhy.\n" }), false],
  "a subject in the body": [mail("[PATCH] Fix it.", { body: "\nSubject: [PATCH] Fix that.\n\nWhy.\n" }), false],
  "a series of mails": [mail("[PATCH 2/3] Fix it."), false],
};

describe("the header of a mail", () => {
  test.for(Object.entries(mails))("with %s is read without git only if that reads the same", async ([, [text, isPlain]]) => {
    const plain = plainMailHeader(text);
    expect(plain !== undefined).toBe(isPlain);
    if (plain !== undefined) expect(plain).toEqual(await mailHeader(Buffer.from(text), { host }));
  });

  test("of each of our patches is plain, and git reads the same", async () => {
    const files = await glob("patches/**/*.patch", { absolute: true });
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) {
      const bytes = await readFile(file);
      expect(plainMailHeader(bytes.toString()), file).toEqual(await mailHeader(bytes, { host }));
    }
  });
});
