/** A function that a header declares. */
export interface Prototype {
  readonly name: string;
  /** As it is declared, on one line. */
  readonly text: string;
  /** Without names of parameters, and without words that callers do not depend on. */
  readonly type: string;
}

/** How a function's prototype changed; `after` is absent if no header declares it any more. */
export interface PrototypeChange {
  readonly name: string;
  readonly before: string;
  readonly after?: string;
}

/** Reads the functions that a C header declares or defines. Macros and types are not read. */
export function readPrototypes(header: string): readonly Prototype[] {
  const code = header.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*/g, " ").replaceAll(/^[ \t]*#(?:.*\\\n)*.*/gm, " ");
  return statementsOf(code).flatMap((statement) => readStatement(statement.replaceAll(/\s+/g, " ").trim()) ?? []);
}

/** Returns how the prototypes of functions changed that are in both lists, or in the first only. */
export function comparePrototypes(before: readonly Prototype[], after: readonly Prototype[]): readonly PrototypeChange[] {
  const [old, now] = [byName(before), byName(after)];
  return [...old].flatMap(([name, one]) => {
    const other = now.get(name);
    if (other?.type === one.type) return [];
    return [{ name, before: one.text, ...(other === undefined ? {} : { after: other.text }) }];
  });
}

/** Functions by name. A header can declare one twice, for two systems. */
function byName(prototypes: readonly Prototype[]): ReadonlyMap<string, Prototype> {
  const found = new Map<string, Prototype[]>();
  for (const one of prototypes) found.set(one.name, [...(found.get(one.name) ?? []), one]);
  const join = (texts: readonly string[]) => [...new Set(texts)].toSorted().join(" or ");
  return new Map(
    [...found].map(([name, all]) => [
      name,
      { name, text: join(all.map(({ text }) => text)), type: join(all.map(({ type }) => type)) },
    ]),
  );
}

/** The declarations of a header, and the heads of its definitions. */
function statementsOf(code: string): readonly string[] {
  const found: string[] = [];
  let [depth, start] = [0, 0];
  for (const match of code.matchAll(/extern\s+"C"\s*\{|[{};]/g)) {
    const [sign] = match;
    const end = match.index + sign.length;
    if (depth === 0 && (sign === ";" || sign === "{")) found.push(code.slice(start, match.index));
    if (sign === "{") depth++;
    if (sign === "}") depth = Math.max(depth - 1, 0);
    if (depth === 0) start = end;
  }
  return found;
}

/** Words of a declaration that callers do not depend on. */
const passing = /\b(?:extern|static|inline|OVS_[A-Z_]+)\b/g;

function readStatement(statement: string): Prototype | undefined {
  const open = statement.indexOf("(");
  const [, type = "", name = ""] = /^([\w\s*]*[\s*])([A-Za-z_]\w*)\s*$/.exec(statement.slice(0, Math.max(open, 0))) ?? [];
  // Attributes have names in capitals: `int x OVS_GUARDED_BY(m);`.
  if (name === "" || /^[A-Z\d_]+$/.test(name) || /^\s*typedef\b/.test(type)) return undefined;
  const close = endOf(statement, open);
  if (close < 0) return undefined;
  const parameters = split(statement.slice(open + 1, close)).map(typeOf);
  const text = `${type}${name}(${statement.slice(open + 1, close).trim()})`.replace(/^(?:(?:extern|static|inline) )+/, "");
  return { name, text, type: tidy(`${type.replaceAll(passing, " ")} ${name}(${parameters.join(", ")})`) };
}

/** The place of the parenthesis that closes the one at `open`; -1 if none does. */
function endOf(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === "(") depth++;
    if (text[at] === ")" && --depth === 0) return at;
  }
  return -1;
}

/** Splits parameters at the commas outside of parentheses. */
function split(parameters: string): readonly string[] {
  const found = [""];
  let depth = 0;
  for (const sign of parameters) {
    if (sign === "(") depth++;
    if (sign === ")") depth--;
    if (sign === "," && depth === 0) found.push("");
    else found[found.length - 1] += sign;
  }
  return found.map((one) => one.trim());
}

const qualifiers = new Set(["const", "volatile", "register"]);
const tags = new Set(["struct", "union", "enum"]);
const builtIn = new Set(["int", "char", "short", "long", "float", "double", "void", "signed", "unsigned"]);

/** A parameter without its name, if it has one. */
function typeOf(parameter: string): string {
  const plain = parameter.replaceAll(passing, " ").trim();
  const [, before = "", name = "", array = ""] = /^(.*?[\s*])([A-Za-z_]\w*)\s*((?:\[[^\]]*\]\s*)*)$/.exec(plain) ?? [];
  // A pointer to a function, or only a type.
  if (name === "" || before.includes("(") || builtIn.has(name)) return plain;
  const words = before.split(/\s+/).filter((word) => word !== "" && !qualifiers.has(word));
  const isType = words.length === 0 || (words.length === 1 && tags.has(words[0] ?? ""));
  return isType ? plain : `${before}${array}`;
}

function tidy(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/ ?([*,()[\]]) ?/g, "$1")
    .trim();
}
