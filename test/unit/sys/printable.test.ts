import { expect, test } from "vitest";
import { printable } from "../../../src/sys/printable.ts";

test.each([
  ["a line without any", "gcc -c a.c", "gcc -c a.c"],
  ["colors", "\u001B[01;31m\u001B[Kerror: \u001B[m\u001B[Kbad", "error: bad"],
  ["the screen and the cursor", "\u001B[2J\u001B[10;5Hhere\u001B[?25l", "here"],
  ["a title", "\u001B]0;title\u0007here", "here"],
  ["a link", "\u001B]8;;https://example.com\u001B\\here\u001B]8;;\u001B\\", "here"],
  ["another character set", "\u001B(Bhere", "here"],
  ["a sequence that is cut off", "here\u001B[", "here"],
  ["a color before a bell", "\u001B[0mbad\u0007 thing", "bad  thing"],
  ["a sequence of eight bits", "\u009B31mhere", "here"],
  ["progress that overwrites itself", "10 %\r20 %\r100 %\r", "100 %"],
  ["a tab", "a\tb", "a b"],
])("printable removes control characters: %s", (_name, line, shown) => {
  expect(printable(line)).toBe(shown);
});
