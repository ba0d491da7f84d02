import { expect, test } from "vitest";
import { printable } from "../../../src/sys/printable.ts";

test.each([
  ["a line without any", "gcc -c a.c", "gcc -c a.c"],
  ["colors", "\u001B[01;31m\u001B[Kerror: \u001B[m\u001B[Kbad", "error: bad"],
  ["a link", "\u001B]8;;https://example.com\u001B\\here\u001B]8;;\u001B\\", "here"],
  ["the reset of tput", "\u001B(B\u001B[mhere", "here"],
  ["a color of eight bits", "\u009B31mhere", "here"],
  ["progress that overwrites itself", "10 %\r20 %\r100 %\r", "100 %"],
  ["a tab", "a\tb", "a b"],
])("printable drops what makes output pretty: %s", (_name, line, shown) => {
  expect(printable(line)).toBe(shown);
});

test.each([
  ["the screen and the cursor", "\u001B[2J\u001B[10;5Hhere\u001B[?25l", String.raw`\x1b[2J\x1b[10;5Hhere\x1b[?25l`],
  ["a title", "\u001B]0;title\u0007here", String.raw`\x1b]0;title\x07here`],
  ["a sequence that is cut off", "here\u001B[", String.raw`here\x1b[`],
  ["a color before a bell", "\u001B[0mbad\u0007 thing", String.raw`bad\x07 thing`],
  ["delete, and a control of eight bits", "a\u007F\u0085b", String.raw`a\x7f\x85b`],
  ["another direction of writing", "a\u202Eb\u2066c", String.raw`a\u202eb\u2066c`],
  ["no width", "a\u200Bb\uFEFFc", String.raw`a\u200bb\ufeffc`],
  ["line separators", "a\u2028b\u2029c", String.raw`a\u2028b\u2029c`],
  ["tags and halves of characters", "a\u{E0041}b\uD800c", String.raw`a\u{e0041}b\ud800c`],
])("printable shows what a terminal obeys or hides: %s", (_name, line, shown) => {
  expect(printable(line)).toBe(shown);
});
