import { readFile } from "node:fs/promises";
import { LineCounter, isMap, isNode, parseDocument, type Document, type Node } from "yaml";
import type { z } from "zod";
import { BuildError } from "../errors.ts";

/**
 * Reads a YAML file and checks it against a schema. Throws `BuildError` ("project") that names every problem of the file at once, each as
 * `file:line:column: what is wrong`; `name` is how the file is called in these messages.
 */
export async function readYaml<T>(path: string, schema: z.ZodType<T>, name: string): Promise<T> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new BuildError("project", `${name}: this file cannot be read.`, { cause });
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}: ${message}`;
  };
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) throw new BuildError("project", broken.map((error) => at(error.pos[0], error.message)).join("\n"));
  const checked = schema.safeParse(toValue(document, name));
  if (checked.success) return checked.data;
  const problems = checked.error.issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return [at(offsetOf(document, issue.path), describe(issue))];
    return issue.keys.map((key) => at(keyOffset(document, issue.path, key), `Key \`${key}\` is unknown here.`));
  });
  throw new BuildError("project", problems.join("\n"));
}

/** Aliases are refused (house rule: no anchors), so a small file cannot unfold into a huge value. */
function toValue(document: Document, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw new BuildError("project", `${name}: anchors and aliases are not used in these files.`, { cause });
  }
}

function describe(issue: z.core.$ZodIssue): string {
  const key = issue.path.at(-1);
  const what = typeof key === "string" ? `\`${key}\`: ` : "";
  return `${what}${issue.message}.`;
}

/** Where the value at `path` starts; for a missing key, where its parent starts. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node)) return (node as Node).range?.[0] ?? 0;
  }
  return 0;
}

function keyOffset(document: Document, path: readonly PropertyKey[], key: string): number {
  const parent: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  if (!isMap(parent)) return 0;
  const pair = parent.items.find((item) => isNode(item.key) && String(item.key) === key);
  return isNode(pair?.key) ? (pair.key.range?.[0] ?? 0) : 0;
}
