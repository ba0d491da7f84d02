import type { Section } from "./scan-diff.ts";

/** The names of a file before and after its change, as a diff has them: maybe in quotes. */
export interface SectionNames {
  /** Undefined for a file that the diff adds. */
  readonly before: string | undefined;
  /** Undefined for a file that it deletes. */
  readonly after: string | undefined;
}

/**
 * The names of a section without the first `level` parts, as git-apply(1) finds them; undefined if a
 * name has fewer parts.
 */
export function namesAt(section: Section, level: number): SectionNames | undefined {
  const { command, extended } = section;
  const [first, second] = command === undefined ? [] : (splitCommand(command) ?? []);
  const has = (kind: string) => extended.some((line) => line.startsWith(`${kind} file mode`));
  const startsEmpty = section.content[0]?.startsWith("@@ -0,0 ") === true;
  const [isNew, isGone] =
    command === undefined ? [isNoFile(section.before) || startsEmpty, isNoFile(section.after)] : [has("new"), has("deleted")];
  const find = (raw: string | undefined, other: string | undefined, moved: string) => {
    const named = extended.flatMap((line) => new RegExp(`^(?:rename|copy) ${moved} (.+)$`, "s").exec(line)?.[1] ?? [])[0];
    // git writes these without a prefix.
    if (named !== undefined) return strip(named, Math.max(level - 1, 0));
    const name = raw === undefined || isNoFile(raw) ? other : nameOf(raw);
    return name === undefined ? undefined : strip(name, level);
  };
  const before = isNew ? undefined : find(section.before, first, "from");
  const after = isGone ? undefined : find(section.after, second, "to");
  if ((before === undefined && !isNew) || (after === undefined && !isGone)) return undefined;
  if (before === undefined && after === undefined) return undefined;
  return command === undefined ? unite(before, after) : { before, after };
}

/** diff(1) compares `x.orig` with `x`; git-apply(1) takes the shorter name for both. */
function unite(before: string | undefined, after: string | undefined): SectionNames {
  if (before === undefined || after === undefined) return { before, after };
  const name = before.length < after.length ? before : after;
  return { before: name, after: name };
}

/** True for git's diffs without the prefixes `a/` and `b/`. */
export function hasNoPrefix({ command, extended }: Section): boolean {
  const [first, second] = command === undefined ? [] : (splitCommand(command) ?? []);
  if (first === undefined) return false;
  return first === second || extended.some((line) => line === `rename from ${first}` || line === `copy from ${first}`);
}

/** A name as the bytes that it stands for, a character for each. */
export function plainName(name: string): string {
  if (!name.startsWith('"')) return name;
  const named: Readonly<Record<string, string>> = { a: "\x07", b: "\b", t: "\t", n: "\n", v: "\v", f: "\f", r: "\r" };
  return name
    .slice(1, -1)
    .replaceAll(/\\([0-7]{3}|.)/g, (_, code: string) =>
      code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (named[code] ?? code),
    );
}

/** Characters: more than two paths have. */
const longest = 20_000;

/** The two names after `diff --git`; of names with spaces, those that are the same but for their first part. */
function splitCommand(command: string): readonly [string, string] | undefined {
  if (command.length > longest) return undefined;
  const quoted = String.raw`"(?:[^"\\]|\\.)*"`;
  const [, one, two] = new RegExp(`^(${quoted}|\\S+) (${quoted}|\\S+)$`).exec(command) ?? [];
  if (one !== undefined && two !== undefined) return [one, two];
  for (let at = command.indexOf(" "); at >= 0; at = command.indexOf(" ", at + 1)) {
    const [first, second] = [command.slice(0, at), command.slice(at + 1)];
    const [left, right] = [strip(plainName(first), 1), strip(plainName(second), 1)];
    if (first === second || (left !== undefined && left === right)) return [first, second];
  }
  return undefined;
}

/** The name of a line `---` or `+++`, without the date after it. */
function nameOf(raw: string): string {
  if (raw.startsWith('"')) return /^"(?:[^"\\]|\\.)*"/.exec(raw)?.[0] ?? raw;
  const tab = raw.indexOf("\t");
  return tab >= 0 ? raw.slice(0, tab) : raw.replace(/\s+(?:\d{4}-\d\d-\d\d \d\d:\d\d|\w{3} \w{3} [ \d]\d \d\d:\d\d).*$/, "");
}

/** True for the side of a diff that has no file: diff(1) gives it the first second of Unix. */
function isNoFile(raw: string | undefined): boolean {
  if (raw === undefined) return false;
  if (nameOf(raw) === "/dev/null") return true;
  const [, day, time, zone = "+0000"] = /\s(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.0+)?(?: ([+-]\d{4}))?$/.exec(raw) ?? [];
  return day !== undefined && Date.parse(`${day}T${time}${zone.slice(0, 3)}:${zone.slice(3)}`) === 0;
}

function strip(name: string, level: number): string | undefined {
  const quote = name.startsWith('"') ? '"' : "";
  let rest = name.slice(quote.length);
  for (let count = 0; count < level; count++) {
    const next = /^[^/]*\/+/.exec(rest)?.[0];
    if (next === undefined) return undefined;
    rest = rest.slice(next.length);
  }
  return rest === "" || rest === quote ? undefined : `${quote}${rest}`;
}
