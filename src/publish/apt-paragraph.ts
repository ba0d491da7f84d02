/** A paragraph of a control file (Debian policy, 5.1). */
export interface Paragraph {
  /** Its lines, without space at their ends. */
  readonly text: string;
  /** By name, in lower case; further lines of a field begin with a space. */
  readonly fields: ReadonlyMap<string, string>;
}

/**
 * Parses one paragraph. Calls `fail` with what is wrong about a text that a reader could understand
 * in another way: a field twice, an empty line, a control character.
 */
export function parseParagraph(text: string, fail: (what: string) => Error): Paragraph {
  // Space before a line's end is not part of what gpg signs.
  const lines = text
    .replace(/\n+$/, "")
    .split("\n")
    .map((line) => line.replace(/[ \t\r]+$/, ""));
  if (lines.join("") === "") throw fail("it is empty");
  const fields = new Map<string, string>();
  let last = "";
  for (const line of lines) {
    if (/[^\P{Cc}\t]|\uFFFD/u.test(line)) throw fail("it has a character that is not text");
    if (/^[ \t]/.test(line) && last !== "") {
      fields.set(last, `${fields.get(last)}\n${line}`);
      continue;
    }
    const [, name, value = ""] = /^([!"$-,./0-9;-~][!-9;-~]*):[ \t]*(.*)$/.exec(line) ?? [];
    if (name === undefined) throw fail(line === "" ? "it has an empty line" : `\`${cut(line)}\` is not a field`);
    last = name.toLowerCase();
    if (fields.has(last)) throw fail(`it has the field \`${cut(name)}\` twice`);
    fields.set(last, value);
  }
  return { text: lines.join("\n"), fields };
}

const longest = 60;

function cut(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

/** What Debian policy allows as names and versions (5.6.1, 5.6.8, 5.6.12). */
const grammars = {
  package: /^[a-z0-9][a-z0-9+.-]{1,199}$/,
  version: /^(?:\d{1,9}:)?\d[A-Za-z0-9.+~-]{0,199}$/,
  architecture: /^[a-z0-9][a-z0-9-]{0,63}$/,
  /** A suite or a component: one part of a path. */
  name: /^[a-z0-9][a-z0-9._-]{0,99}$/,
  /** A file in the pool; Ubuntu's packages with debug symbols end with `.ddeb`. */
  file: /^[A-Za-z0-9][\w.+~-]{0,250}\.d?deb$/,
} as const;

/** True when a value may become a part of a path, or a line of an index. */
export function isValid(kind: keyof typeof grammars, value: string): boolean {
  return grammars[kind].test(value);
}
