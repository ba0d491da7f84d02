import { LineCounter, isMap, isNode, isScalar, parseDocument, visit, type Document, type Scalar, type YAMLMap } from "yaml";
import type { z } from "zod";
import { projectError, unreadableFile, UnusableFile } from "../errors.ts";
import { hasTooMany, mostValues, withoutPrototypes } from "../record.ts";
import { readText } from "../sys/read-file.ts";
import { isMissing } from "../sys/schemas.ts";

/** A message of the parser, which overflows its stack where values are nested too deeply. */
function sentenceOf(message: string): string {
  return message.startsWith("Maximum call stack") ? "Values are nested too deeply here." : `${message}.`;
}

/** The most problems of a file that are looked for in its text, which takes time for each. */
const mostIssues = 200;

/**
 * Reads a YAML file and checks it against a schema. Throws "project" that lists all problems of the
 * file, each as `file:line:column: what is wrong`; `name` is the file's name in these messages.
 */
export async function readYaml<T>(path: string, schema: z.ZodType<T>, name: string): Promise<T> {
  const text = await readText(path, "a project file").catch((cause: unknown) => {
    throw unreadableFile(name, cause);
  });
  const counter = new LineCounter();
  // Its own search for keys that occur twice takes quadratic time.
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: false });
  const problems: { readonly offset: number; readonly message: string }[] = [
    ...[...document.errors, ...document.warnings].map(({ pos, message }) => ({ offset: pos[0], message: sentenceOf(message) })),
    ...findForbidden(document),
  ];
  if (problems.length === 0) {
    const value: unknown = document.toJS();
    if (hasTooMany(value))
      throw unreadableFile(name, new UnusableFile(path, `it has more than ${mostValues.toLocaleString("en")} values`));
    const checked = schema.safeParse(value);
    if (checked.success) return withoutPrototypes(checked.data);
    problems.push(...checked.error.issues.slice(0, mostIssues).flatMap((issue) => describe(issue, document)));
  }
  throw projectError(
    problems.map(({ offset, message }) => {
      const { line, col: column } = counter.linePos(offset);
      return { file: name, line, column, message };
    }),
  );
}

/**
 * Finds YAML features that these files must not use: anchors and aliases, because a small file
 * could expand to a huge value, keys that are not plain words or occur twice, numbers that YAML
 * changes, such as a version 3.10, and NUL, which no path and no argument of a program can have.
 */
function findForbidden(document: Document): { offset: number; message: string }[] {
  const found: { offset: number; message: string }[] = [];
  const say = (node: unknown, message: string) => found.push({ offset: isNode(node) ? (node.range?.[0] ?? 0) : 0, message });
  visit(document, {
    Alias: (_key, node) => void say(node, "Anchors and aliases are not allowed."),
    Node: (at, node) => {
      if (node.anchor !== undefined) say(node, "Anchors and aliases are not allowed.");
      if (at !== "key" && isScalar(node) && typeof node.value === "number" && node.source !== String(node.value))
        say(node, `${quoteIt(node)} if it is text, else write ${node.value}.`);
      if (isScalar(node) && String(node.value).includes("\0")) say(node, "NUL is not allowed in a text.");
      if (isMap(node)) for (const key of repeatedKeys(node)) say(key, "Map keys must be unique.");
    },
    Pair: (_key, { key }) => {
      if (!isScalar(key)) say(key, "A key must be a plain word.");
      else if (typeof key.value !== "string") say(key, `Key ${quoteIt(key)}.`);
      else if (key.value === "__proto__") say(key, "Key `__proto__` is unknown here.");
    },
  });
  return found;
}

/** That YAML takes a plain word for something else, and what to write instead. */
function quoteIt({ value, source = "" }: Scalar): string {
  const number = typeof value === "number" ? `the number ${value}` : undefined;
  const what = value === null ? "no value" : (number ?? `the ${typeof value} ${JSON.stringify(value)}`);
  return `\`${source}\` is ${what} in YAML: write "${source}" with quotes`;
}

function repeatedKeys({ items }: YAMLMap): readonly unknown[] {
  const seen = new Set<string>();
  return items.flatMap(({ key }) => {
    const name = String(key);
    const isRepeated = seen.has(name);
    seen.add(name);
    return isRepeated ? [key] : [];
  });
}

function describe(issue: z.core.$ZodIssue, document: Document): { offset: number; message: string }[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.slice(0, mostIssues).map((key) => ({
      offset: keyOffset(document, issue.path, key),
      message: `Key \`${key}\` is unknown here.`,
    }));
  const key = issue.path.at(-1);
  if (issue.code === "invalid_key") {
    const why = issue.issues.map((inner) => inner.message).join(", ");
    return [{ offset: keyOffset(document, issue.path.slice(0, -1), String(key)), message: `Key \`${String(key)}\`: ${why}.` }];
  }
  if (isMissing(issue)) return [{ offset: offsetOf(document, issue.path), message: `Key \`${String(key)}\` is missing here.` }];
  const what = typeof key === "string" ? `\`${key}\`: ` : "";
  const node: unknown = document.getIn(issue.path, true);
  if (issue.code === "invalid_type" && issue.expected === "string" && isScalar(node))
    return [
      { offset: offsetOf(document, issue.path), message: `${what}${node.source === "" ? "a value is missing" : quoteIt(node)}.` },
    ];
  return [{ offset: offsetOf(document, issue.path), message: `${what}${issue.message}.` }];
}

/** The offset of the value at `path`; for a missing key, that of its parent. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node)) return node.range?.[0] ?? 0;
  }
  return document.contents?.range?.[0] ?? 0;
}

function keyOffset(document: Document, path: readonly PropertyKey[], key: string): number {
  const parent: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  if (!isMap(parent)) return 0;
  const pair = parent.items.find((item) => isNode(item.key) && String(item.key) === key);
  return isNode(pair?.key) ? (pair.key.range?.[0] ?? 0) : 0;
}
