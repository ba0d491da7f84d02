import { dirname } from "node:path";
import { isValid, parseParagraph, type Paragraph } from "./apt-paragraph.ts";

/** A package in an apt repository: its stanza in a `Packages` file, and the fields used here. */
export interface Stanza {
  readonly text: string;
  readonly package: string;
  readonly version: string;
  readonly architecture: string;
  /** Path relative to the repository. */
  readonly filename: string;
  readonly size: number;
  readonly sha256: string;
}

/** What a package is, and where. */
export type Versioned = Pick<Stanza, "package" | "version" | "architecture" | "filename">;

/** Parses a `Packages` file of a suite. Calls `fail` with what is wrong about it. */
export function parseStanzas(text: string, suite: string, fail: (what: string) => Error): readonly Stanza[] {
  const parts = text.split(/\n{2,}/).filter((part) => part !== "");
  return parts.map((part) => readStanza(parseParagraph(part, fail), suite, fail));
}

function readStanza({ text, fields }: Paragraph, suite: string, fail: (what: string) => Error): Stanza {
  const field = (name: string) => fields.get(name) ?? "";
  const stanza = { text, ...identify({ text, fields }, fail), filename: field("filename"), sha256: field("sha256") };
  const [pool, folder, component = "", file = "", ...more] = stanza.filename.split("/");
  const isPlaced =
    pool === "pool" && folder === suite && isValid("name", component) && isValid("file", file) && more.length === 0;
  if (!isPlaced) throw fail(`the \`Filename\` of ${stanza.package} is not a path in pool/${suite}`);
  if (!/^[0-9a-f]{64}$/.test(stanza.sha256)) throw fail(`the \`SHA256\` of ${stanza.filename} is not a digest`);
  if (!/^\d{1,15}$/.test(field("size"))) throw fail(`the \`Size\` of ${stanza.filename} is not a number`);
  return { ...stanza, size: Number(field("size")) };
}

/** Name, version and architecture of a control file. Calls `fail` for one that Debian policy does not allow. */
function identify({ fields }: Paragraph, fail: (what: string) => Error): Pick<Stanza, "package" | "version" | "architecture"> {
  const get = (name: "package" | "version" | "architecture") => {
    const value = fields.get(name) ?? "";
    if (isValid(name, value)) return value;
    throw fail(`its ${name} \`${value.slice(0, 60).replaceAll("\n", " ")}\` is not one that Debian policy allows`);
  };
  return { package: get("package"), version: get("version"), architecture: get("architecture") };
}

/** Fields that belong to an index, and that no package may bring with it. */
const indexFields = ["filename", "size", "md5sum", "sha1", "sha256", "sha512"];

/**
 * The stanza of a package: its control file, and where it is. Calls `fail` with what is wrong about
 * the control file.
 */
export function makeStanza(
  control: string,
  { filename, size, sha256 }: Pick<Stanza, "filename" | "size" | "sha256">,
  fail: (what: string) => Error,
): Stanza {
  const paragraph = parseParagraph(control, fail);
  const own = indexFields.filter((name) => paragraph.fields.has(name));
  if (own.length > 0) throw fail(`it has the field \`${own[0]}\`, which only an index has`);
  const text = `${paragraph.text}\nFilename: ${filename}\nSize: ${size}\nSHA256: ${sha256}`;
  return { text, ...identify(paragraph, fail), filename, size, sha256 };
}

/** Stanzas with the same group are versions of one package. */
export function groupOf(stanza: Pick<Stanza, "filename" | "package" | "architecture">): string {
  return `${dirname(stanza.filename)} ${stanza.package} ${stanza.architecture}`;
}

/** What may stand in a suite only once. */
export function identity(stanza: Pick<Stanza, "package" | "version" | "architecture">): string {
  return `${stanza.package} ${stanza.version} ${stanza.architecture}`;
}

/** Calls `fail` when two packages that should be the same have different bytes. */
export function assertOneContent(
  one: Versioned & Pick<Stanza, "sha256">,
  other: Pick<Stanza, "sha256"> | undefined,
  fail: (what: string) => Error,
): void {
  if (other !== undefined && other.sha256 !== one.sha256)
    throw fail(`it has ${nameOf(one)} with two contents: sha256 ${other.sha256} and ${one.sha256}`);
}

/** A package as messages name it. */
export function nameOf({ package: name, version, architecture }: Omit<Versioned, "filename">): string {
  return `${name} ${version} (${architecture})`;
}
