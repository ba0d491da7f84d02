import { describe, expect, test } from "vitest";
import { makeStanza, parseStanzas } from "../../../src/publish/apt-stanza.ts";
import { parseRelease } from "../../../src/publish/apt-suite.ts";

const fail = (what: string) => new Error(what);
const placed = { filename: "pool/1.0/default/demo_1_amd64.deb", size: 3, sha256: "a".repeat(64) };
const control = "Package: demo\nVersion: 1:2.3-4+kovn1~rc1\nArchitecture: amd64\nDescription: short\n long\n .\n more\n";

describe("the stanza of a package", () => {
  test("is its control file and where it is", () => {
    const stanza = makeStanza(control, placed, fail);
    expect(stanza).toMatchObject({ package: "demo", version: "1:2.3-4+kovn1~rc1", architecture: "amd64", ...placed });
    expect(stanza.text).toBe(`${control}Filename: ${placed.filename}\nSize: 3\nSHA256: ${placed.sha256}`);
    expect(parseStanzas(`${stanza.text}\n\n`, "1.0", fail)).toEqual([stanza]);
  });

  test.each([
    ["a path of its own", `${control}Filename: ../../etc/passwd\n`, "`filename`, which only an index has"],
    ["a size of its own, in other letters", `${control}sIZE: 1\n`, "`size`, which only an index has"],
    ["a digest of its own", `${control}MD5sum: ${"0".repeat(32)}\n`, "`md5sum`, which only an index has"],
    ["a field twice", `${control}package: other\n`, "has the field `package` twice"],
    ["a second paragraph", `${control}\nPackage: other\n`, "has an empty line"],
    ["a line of blanks", control.replace(" .\n", "  \t\nPackage: other\n"), "has an empty line"],
    ["a line that ends twice", control.replace(" .\n", " .\r\n\r\nPackage: other\n"), "has an empty line"],
    ["a carriage return", control.replace("short", "sh\rort"), "a character that is not text"],
    ["a terminal's escape", control.replace("short", "\u001B[2J"), "a character that is not text"],
    ["bytes that are not UTF-8", control.replace("short", "\uFFFD"), "a character that is not text"],
    ["a line that is no field", `${control}demo\n`, "`demo` is not a field"],
    ["a comment", `${control}#demo: x\n`, "is not a field"],
    ["a folded name", control.replace("demo\n", "demo\n evil\n"), "its package `demo  evil` is not one"],
    ["a name with a path", control.replace("demo", "../demo"), "its package `../demo` is not one"],
    ["a version with a path", control.replace("1:2.3-4", "1/../2"), "its version"],
    ["a version with a blank", control.replace("2.3", "2.3 (x)"), "its version"],
    ["an architecture with a path", control.replace("amd64", "x/../../y"), "its architecture `x/../../y` is not one"],
    ["no architecture", control.replace("Architecture: amd64\n", ""), "its architecture `` is not one"],
  ])("is refused with %s", (_name, text, says) => {
    expect(() => makeStanza(text, placed, fail)).toThrow(says);
  });

  test("may name a file as Ubuntu calls those with debug symbols", () => {
    const stanza = makeStanza(control, { ...placed, filename: placed.filename.replace(".deb", ".ddeb") }, fail);
    expect(parseStanzas(`${stanza.text}\n\n`, "1.0", fail)).toEqual([stanza]);
  });

  test("may have the names of JavaScript's own things", () => {
    const stanza = makeStanza(control.replace("demo", "constructor"), placed, fail);
    expect(makeStanza(`${control}__proto__: x\nConstructor: y\n`, placed, fail).text).toContain("__proto__: x");
    expect(stanza.package).toBe("constructor");
  });
});

const row = (path: string) => ` ${"a".repeat(64)} 12 ${path}`;
const release = (rows: readonly string[], fields = "Codename: 1.0\nArchitectures: amd64\nComponents: default\n") =>
  `${fields}SHA256:\n${rows.join("\n")}\n`;
const good = row("default/binary-amd64/Packages");

describe("a Release file", () => {
  test("names indices, also in lines whose end somebody made longer", () => {
    const { indices } = parseRelease(release([`${good}  \t`]), "1.0", fail);
    expect([...indices.keys()]).toEqual(["default/binary-amd64/Packages"]);
  });

  test.each([
    ["is empty", "", "it is empty"],
    [
      "is of another suite",
      release([good], "Codename: 1.1\nArchitectures: amd64\nComponents: default\n"),
      "not a state of suite 1.0",
    ],
    ["names no index", release([]), "names no index"],
    ["names an index outside", release([row("../../1.1/default/binary-amd64/Packages")]), "which is not an index"],
    ["names an index twice", release([good, good]), "which is not an index"],
    ["has a line that nobody reads", release([good, ` ${"b".repeat(63)} 1 x`]), "which is not an index"],
    [
      "has a path as component",
      release([good], "Codename: 1.0\nArchitectures: amd64\nComponents: ../x\n"),
      "`../x` is not a name",
    ],
    ["has a path as architecture", release([good], "Codename: 1.0\nArchitectures: a/b\nComponents: x\n"), "`a/b` is not a name"],
  ])("that %s is refused", (_name, text, says) => {
    expect(() => parseRelease(text, "1.0", fail)).toThrow(says);
  });
});
