import type { Fact } from "./check.ts";

/** Why a check of source files is skipped when none are available. */
export const noSource = { skipped: "checked in the source, and these programs come without theirs" };

/** The fact that a source file matches `pattern`, and no longer matches `gone`. */
export function sourceFact(what: string, text: string, pattern: RegExp, gone?: RegExp): Fact {
  return { what, seen: pattern.test(text) && gone?.test(text) !== true ? "yes" : "no", expected: "yes" };
}
