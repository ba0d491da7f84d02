import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { run } from "../helpers/cli.ts";

const page = "docs/kovn-build.1";

test("npm installs the manual page", () => {
  const { man, files } = JSON.parse(readFileSync("package.json", "utf8")) as { man: string; files: readonly string[] };
  expect(man).toBe(page);
  expect(files).toContain("docs");
});

test.skipIf(!existsSync("/usr/bin/man"))(
  "man finds nothing to warn about in the manual page, and shows what docs/cli.md has",
  async () => {
    const env = { MANWIDTH: "250", LC_ALL: "C.UTF-8" };
    const { exitCode, stdout, stderr } = await run(process.cwd(), ["man", "--warnings", "--local-file", page], env);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const shown = stdout.replaceAll(/\s+/g, " ");
    const sections = readFileSync("docs/cli.md", "utf8").split("\n## `").slice(1);
    expect(sections.length).toBeGreaterThan(30);
    for (const section of sections) {
      const [, path = ""] = /^kovn-build (.*)`/.exec(section) ?? [];
      expect(stdout).toContain(`\n   ${path}\n`);
      for (const [, word = "", meaning = ""] of section.matchAll(/^\| `(.*?)` \| (.*) \|$/gm))
        expect(shown).toContain(`${word} ${meaning.replaceAll("\\|", "|").replaceAll("&lt;", "<").replaceAll("`", "")}`);
      for (const [, example = ""] of section.matchAll(/^(\S.*) {2}# /gm))
        expect(shown).toContain(example.trim().replaceAll(/\s+/g, " "));
    }
  },
);
