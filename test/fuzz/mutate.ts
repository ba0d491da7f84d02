/** A random generator (mulberry32): numbers from 0 up to 1, the same for the same seed. */
export type Chance = () => number;

/** Makes the random generator of a seed. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Picks one of several. */
export function pick<T>(chance: Chance, all: readonly [T, ...T[]] | readonly T[]): T {
  return all[Math.floor(chance() * all.length)] as T;
}

/** Pieces of text with a meaning in YAML, quilt's series, mails or diffs. */
const pieces = {
  yaml: [
    "&a ",
    "*a",
    "<<: *a",
    "!!binary ",
    "!x ",
    "__proto__:",
    "constructor",
    "? ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "\t",
    "|",
    ">",
    "'",
    '"',
    "#",
    "---\n",
    "...",
    "%YAML 9.9\n",
    "~",
    ".inf",
    "1e999",
    "0x1f",
    "2026-01-01",
    ": ",
    "null",
    "needs: [demo]\n",
  ],
  series: [
    "../x.patch",
    "/etc/passwd",
    "greet-all.patch",
    "GREET.patch",
    "a b.patch",
    "-p0",
    "#",
    ".patch",
    "x.patch\n",
    "\\",
    "*",
  ],
  mail: [
    "From: \n",
    "Subject: =?UTF-8?q?x?=\n",
    "Content-Transfer-Encoding: base64\n",
    "Content-Type: text/plain; charset=x\n",
    "\n\n",
    "---\n",
    "-- \n",
    "Seed: none\n",
    `From ${"0".repeat(40)} Mon Sep 17 00:00:00 2001\n`,
    ">8\n",
    "-- >8 --\n",
  ],
  diff: [
    "diff --git a/x b/x\n",
    "--- /dev/null\n",
    "+++ b/../x\n",
    "+++ /etc/x\n",
    "new file mode 120000\n",
    "new file mode 100644\n",
    "deleted file mode 120000\n",
    "rename from ../x\nrename to x\n",
    "copy from .git/config\ncopy to x\n",
    "old mode 1\nnew mode 2\n",
    "GIT binary patch\nliteral 3\nKcmZQz\n",
    "@@ -1 +1 @@\n",
    "@@ -0,0 +1,99999999999 @@\n",
    "@@ -1,1 +1,1 @@ @@\n",
    "similarity index 100%\n",
    "index 0..1 120000\n",
    "\\ No newline at end of file\n",
    "+",
    "-",
    " ",
    '"a/\\056\\056/x" ',
    ".git/",
    "../",
  ],
  any: [
    "\0",
    "\r",
    "\r\n",
    "\uFEFF",
    "\u2028",
    "ä",
    "💥",
    "\u001b[31m",
    "${x}",
    "$(x)",
    "`x`",
    "%s",
    "x".repeat(20_000),
    "\n".repeat(2000),
    "9".repeat(400),
    "\xff\xfe",
  ],
};
const allPieces = Object.values(pieces).flat();

type Mutation = (text: string, chance: Chance, others: readonly string[]) => string;

const spot = (text: string, chance: Chance) => Math.floor(chance() * (text.length + 1));
const byLine =
  (change: (lines: string[], at: number, chance: Chance) => void): Mutation =>
  (text, chance) => {
    const lines = text.split("\n");
    change(lines, Math.floor(chance() * lines.length), chance);
    return lines.join("\n");
  };

/** Ways to change a text, by name. */
export const mutations: Readonly<Record<string, Mutation>> = {
  "insert a piece": (text, chance) => {
    const at = spot(text, chance);
    return text.slice(0, at) + pick(chance, allPieces) + text.slice(at);
  },
  "insert a piece at a line": byLine((lines, at, chance) => void lines.splice(at, 0, pick(chance, allPieces))),
  "append a piece to a line": byLine((lines, at, chance) => void (lines[at] += pick(chance, allPieces))),
  "change a character": (text, chance) => {
    const at = spot(text, chance);
    return text.slice(0, at) + String.fromCharCode(Math.floor(chance() * 256)) + text.slice(at + 1);
  },
  "delete some characters": (text, chance) => {
    const at = spot(text, chance);
    return text.slice(0, at) + text.slice(at + 1 + Math.floor(chance() * 20));
  },
  "cut the end off": (text, chance) => text.slice(0, spot(text, chance)),
  "delete a line": byLine((lines, at) => void lines.splice(at, 1)),
  "double a line": byLine((lines, at) => void lines.splice(at, 0, lines[at] ?? "")),
  "move a line": byLine((lines, at, chance) => void lines.splice(Math.floor(chance() * lines.length), 0, ...lines.splice(at, 1))),
  "indent a line": byLine((lines, at) => void (lines[at] = `  ${lines[at]}`)),
  "paste another file": (text, chance, others) => {
    const at = spot(text, chance);
    return text.slice(0, at) + pick(chance, others) + text.slice(at);
  },
  "change all line ends": (text) => text.replaceAll("\n", "\r\n"),
  "double it": (text) => text + text,
  "empty it": () => "",
};
