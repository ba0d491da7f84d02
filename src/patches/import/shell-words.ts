/** A word, an operator or a comment of a shell script or a Dockerfile. */
export interface Token {
  readonly kind: "word" | "operator" | "comment";
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** A program with its words, and the file that it reads by `<`. */
export interface Command {
  readonly words: readonly string[];
  readonly input: string | undefined;
  readonly line: number;
}

const operator = String.raw`&&|\|\||\d*(?:<<<|<<-?|>>|[<>])(?:&\d*-?)?|[;|()&]`;
const word = String.raw`(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|\$\{[^}]{0,200}\}|[^\s"'\\;|&()<>])+`;

/**
 * The words of a shell script or a Dockerfile. A line that ends with a backslash goes on after
 * comments and empty lines; any other ends with an operator `\n`. Variables stay.
 */
export function shellWords(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = index + 1;
    const row = raw.trim();
    if (row === "") continue;
    if (row.startsWith("#")) {
      if (!row.startsWith("#!")) tokens.push({ kind: "comment", text: row.replace(/^#+\s*/, ""), line });
      continue;
    }
    const code = row.replace(/\\$/, "");
    for (const [found] of code.matchAll(new RegExp(`(?:${operator})|${word}`, "g"))) {
      if (found.startsWith("#")) break;
      const isOperator = new RegExp(`^(?:${operator})$`).test(found);
      tokens.push({ kind: isOperator ? "operator" : "word", text: isOperator ? found : unquote(found), line });
    }
    if (code === row) tokens.push({ kind: "operator", text: "\n", line });
  }
  return tokens;
}

function unquote(text: string): string {
  return text.replaceAll(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g, (_, double?: string, single?: string, one?: string) =>
    double === undefined ? (single ?? one ?? "") : double.replaceAll(/\\(.)/g, "$1"),
  );
}
