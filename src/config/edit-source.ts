import { isScalar, isSeq, parse, parseDocument, type Document, type Node } from "yaml";
import type { Source } from "./source.ts";

/** What changes in a `source.yaml`. */
export interface SourceChanges {
  readonly values: Readonly<Partial<Pick<Source, "commit" | "branch" | "version" | "revision">>>;
  /** The picks and alternates that are removed, by their index. */
  readonly drop: Readonly<Record<"picks" | "alternates", readonly number[]>>;
  /** Added at the end. */
  readonly merged: Source["merged"];
  /** Added at the end. */
  readonly dropped?: Source["dropped"];
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Changes the text of a valid `source.yaml`. All else stays, comments too. */
export function editSource(text: string, { values, drop, merged, dropped = [] }: SourceChanges): string {
  const document = parseDocument(text);
  const edits = [
    ...Object.entries(values).flatMap(([key, value]) => setValue(key, value, document)),
    ...Object.entries(drop).flatMap(([key, indexes]) => dropItems(key, indexes, text, document)),
    ...addItems("merged", merged.map(showMerged), text, document),
    ...addItems("dropped", dropped.map(showDropped), text, document),
  ];
  return applyEdits(text, edits);
}

/** Replaces parts of a text, which do not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => b.start - a.start)
    .reduce((now, { start, end, text: own }) => now.slice(0, start) + own + now.slice(end), text);
}

function setValue(key: string, value: string | number, document: Document): readonly Edit[] {
  const node = document.get(key, true);
  if (!isScalar(node) || node.range === undefined || node.range === null || node.value === value) return [];
  const [start, end] = node.range;
  return [{ start, end, text: typeof value === "number" ? String(value) : plain(value) }];
}

/** A text as YAML reads it: without quotes if it stays a text. */
function plain(value: string): string {
  return /^[\w./+~-]+$/.test(value) && typeof parse(value) === "string" ? value : JSON.stringify(value);
}

/** Edits that remove items of a list, with the comments above them. */
export function dropItems(key: string, indexes: readonly number[], text: string, document: Document): readonly Edit[] {
  const list = document.get(key, true);
  if (indexes.length === 0 || !isSeq(list)) return [];
  const items = list.items as readonly Node[];
  const left = items.filter((_, index) => !indexes.includes(index));
  const [start, end] = rangeOf(list);
  if (left.length === 0) {
    const first = text.lastIndexOf(`${key}:`, start);
    return [{ start: lineStart(text, first), end: lineEnd(text, end - 1), text: "" }];
  }
  if (list.flow === true) return [{ start, end, text: `[${left.map((item) => text.slice(...rangeOf(item))).join(", ")}]` }];
  return indexes.flatMap((index) => {
    const item = items[index];
    if (item === undefined) return [];
    const [from, to] = rangeOf(item);
    // A comment belongs to the item below it.
    let first = lineStart(text, from);
    while (first > start && /^\s*#/.test(text.slice(lineStart(text, first - 1), first))) first = lineStart(text, first - 1);
    return [{ start: first, end: lineEnd(text, to - 1), text: "" }];
  });
}

/** Adds items to the end of a list of a valid YAML text. */
export function addItems(key: string, added: readonly string[], text: string, document: Document): readonly Edit[] {
  if (added.length === 0) return [];
  const list = document.get(key, true);
  const last = isSeq(list) ? (list.items as readonly Node[]).at(-1) : undefined;
  if (!isSeq(list) || last === undefined) {
    const whole = `${key}:\n${added.map((row) => `  - ${row}\n`).join("")}`;
    if (!isSeq(list)) return [{ start: text.length, end: text.length, text: `${text.endsWith("\n") ? "" : "\n"}${whole}` }];
    const [start, end] = rangeOf(list);
    return [{ start: lineStart(text, text.lastIndexOf(`${key}:`, start)), end: lineEnd(text, end - 1), text: whole }];
  }
  const [from, to] = rangeOf(last);
  if (list.flow === true) return [{ start: to, end: to, text: added.map((row) => `, ${row}`).join("") }];
  const indent = /^\s*/.exec(text.slice(lineStart(text, from)))?.[0] ?? "";
  const at = lineEnd(text, to - 1);
  const before = text.endsWith("\n") || at < text.length ? "" : "\n";
  return [{ start: at, end: at, text: before + added.map((row) => `${indent}- ${row}\n`).join("") }];
}

function rangeOf(node: Node): [start: number, end: number] {
  const [start = 0, end = 0] = node.range ?? [];
  return [start, end];
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** Where the line after that of a character starts. */
function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

function showMerged({ seed, commit, since, effect }: Source["merged"][number]): string {
  const found = `{ file: ${plain(effect.file)}, text: ${plain(effect.text)} }`;
  return `{ seed: ${plain(seed)}, commit: ${plain(commit)}, since: ${plain(since)}, effect: ${found} }`;
}

function showDropped({ seed, since, why }: Source["dropped"][number]): string {
  return `{ seed: ${plain(seed)}, since: ${plain(since)}, why: ${plain(why)} }`;
}
