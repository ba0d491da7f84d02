import { mkdir, open, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import { mutations, pick, type Chance } from "../fuzz/mutate.ts";

/** A value that no reader expects. */
const values: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1e21,
  2 ** 53,
  0.5,
  "",
  " ",
  "..",
  ".",
  "/",
  "../../outside/x",
  "/outside/x",
  "a/../../outside/x",
  "-rf",
  "--output=x",
  "__proto__",
  "constructor",
  "toString",
  "a\nb",
  "a\0b",
  "\u001B]0;title\u0007\u001B[2J\u009B31m",
  "\u202Etxt",
  "$(touch outside/x)",
  "https://user:password@example.com/x",
  "x".repeat(100_000),
  "9".repeat(400),
  "1e999",
  "2026-99-99T99:99:99Z",
  "file:///etc/passwd",
  "ext::sh -c true",
  [],
  {},
  [[]],
  Array.from({ length: 20_000 }, (_, index) => `name-${index}`),
  nested(2000),
];

const names = values.filter((value) => typeof value === "string");

function nested(depth: number): unknown {
  let inner: unknown = [];
  for (let level = 0; level < depth; level++) inner = level % 2 === 0 ? [inner] : { a: inner };
  return inner;
}

/** A copy of a JSON value in which one value or key at random is another one. */
export function harmValue(value: unknown, chance: Chance): unknown {
  if (typeof value !== "object" || value === null || chance() < 0.1) return pick(chance, values);
  if (Array.isArray(value)) {
    const at = Math.floor(chance() * (value.length + 1));
    if (at === value.length || chance() < 0.1) return [...(value as unknown[]), value[0] ?? pick(chance, values)];
    return value.with(at, harmValue(value[at], chance));
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return pick(chance, values);
  const at = Math.floor(chance() * entries.length);
  const [key, inner] = entries[at] ?? ["", undefined];
  const kind = chance();
  const changed = new Map(entries);
  if (kind < 0.15) changed.delete(key);
  else if (kind < 0.3) changed.set(pick(chance, names), inner);
  else changed.set(key, harmValue(inner, chance));
  // With `__proto__` as a key like any other.
  return Object.assign(Object.create(null) as object, Object.fromEntries(changed));
}

/** The text of a JSON value with a key `__proto__`, which `JSON.stringify` writes like any other. */
export function harmJson(text: string, chance: Chance): string {
  let value: unknown = JSON.parse(text);
  for (let rest = 1 + Math.floor(chance() * 2); rest > 0; rest--) value = harmValue(value, chance);
  return JSON.stringify(value);
}

/** Changes bytes at random, as text or as what they are. */
export function harmBytes(bytes: Buffer, chance: Chance): Buffer {
  let text = bytes.toString("latin1");
  for (let rest = 1 + Math.floor(chance() * 3); rest > 0; rest--) {
    const [, mutate] = pick(chance, [...Object.entries(mutations), ...Object.entries(hostile)]);
    text = mutate(text, chance, [text]);
  }
  return Buffer.from(text, "latin1");
}

const byWord = (text: string, chance: Chance, word: string) => {
  const words = [...text.matchAll(/[^\s:,"'{}[\]]+/g)];
  const found = words.length === 0 ? undefined : pick(chance, words);
  return found === undefined ? word : text.slice(0, found.index) + word + text.slice(found.index + found[0].length);
};

const hostile: Readonly<Record<string, (text: string, chance: Chance) => string>> = {
  "replace a word": (text, chance) => {
    const value = pick(chance, values);
    return byWord(text, chance, typeof value === "string" ? value : JSON.stringify(value));
  },
  "a very long line": (text, chance) => byWord(text, chance, "y".repeat(3_000_000)),
  "many lines": (text, chance) => {
    const [line = "x"] = text.split("\n").slice(Math.floor(chance() * 5));
    return text + `${line.slice(0, 100)}\n`.repeat(100_000);
  },
  brackets: (text) => text + "[".repeat(50_000),
  aliases: (text) =>
    `${text}\na0: &a0 [x,x]\n${Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at},*a${at}]\n`).join("")}`,
  "compressed blanks": () => gzipSync(Buffer.alloc(64_000_000, 32), { level: 9 }).toString("latin1"),
  zstd: (text) => `\u0028\u00b5\u002f\u00fd${text}`,
};

/** What stands at a path where a file is expected, by name. */
const others: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  nothing: async () => undefined,
  "a folder": mkdir,
  "a pipe": (path) => execa("mkfifo", [path]),
  "a link to itself": (path) => symlink(path, path),
  "a link to nothing": (path) => symlink("nothing", path),
  "a link to a device": (path) => symlink("/dev/zero", path),
  "a link to a file outside": (path) => symlink("/etc/hostname", path),
  "a file of 8 GB": async (path) => {
    const file = await open(path, "w");
    await file.truncate(8e9);
    await file.close();
  },
};

/** Harms a file, mostly its content. Returns what was done. */
export async function harmFile(path: string, chance: Chance): Promise<string> {
  if (chance() < 0.06) {
    const [what, put] = pick(chance, Object.entries(others));
    await rm(path, { recursive: true, force: true });
    await mkdir(dirname(path), { recursive: true });
    await put(path);
    return what;
  }
  const before = await readFile(path);
  const isJson = path.endsWith(".json") && chance() < 0.7;
  await writeFile(path, isJson ? harmJson(before.toString("utf8"), chance) : harmBytes(before, chance));
  return isJson ? "other values" : "other bytes";
}
