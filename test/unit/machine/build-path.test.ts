import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { assertBuildPath, checkBuildPath, unfitCharacters } from "../../../src/machine/build-path.ts";
import { test } from "../../helpers/folder.ts";

describe("a build path", () => {
  test.for([
    ["letters, digits and what dpkg takes", "/home/me/a-b_c.d/+~9", []],
    ["what Jenkins adds", "/ci/job@2", []],
    ["what sed, make, gcc and PYTHONPATH read", "/a,b=c%d^e:f", ["`,`", "`=`", "`%`", "`^`", "`:`"]],
    ["letters of other scripts, composed or not", "/büro/bu\u0308ro/中/Документы/🐧", []],
    ["a space", "/my project", ["a space"]],
    ["a tab and a line break", "/a\tb\nc", ["a tab", "a line break"]],
    ["a space that is not one", "/a\u00A0b", ["U+00A0"]],
    ["what configure calls unsafe", "/a\"b#c$d&e'f`g\\h", ['`"`', "`#`", "`$`", "`&`", "`'`", "```", "`\\`"]],
    ["what a shell reads", "/a(b)c*d;e<f>g?h[i]j{k}l|m!n", "( ) * ; < > ? [ ] { } | !".split(" ").map((one) => `\`${one}\``)],
    ["the same twice", "/a#/b#", ["`#`"]],
    ["what is not UTF-8", "/a\uFFFDb", ["bytes that are not UTF-8"]],
    ["control characters", "/a\u0001b\u007Fc", ["U+0001", "U+007F"]],
  ] as const)("with %s", ([, path, unfit]) => {
    expect(unfitCharacters(path, ["make"])).toEqual(unfit);
  });

  test("is ASCII where pkg-config reads it", () => {
    expect(unfitCharacters("/ci/job@2/a-b_c.d/+~9", ["pkg-config"])).toEqual([]);
    expect(unfitCharacters("/büro/中/#", ["pkg-config"])).toEqual(["`ü`", "`中`", "`#`"]);
    expect(checkBuildPath({ work: "/büro", packages: ["pkgconf"] })).toMatchObject({
      status: "missing",
      wanted: expect.stringContaining("pkg-config"),
    });
  });

  test("is that of the folder behind a link, too", async ({ folder }) => {
    await mkdir(join(folder, "issue#12"));
    await symlink("issue#12", join(folder, "link"));
    expect(checkBuildPath({ work: join(folder, "link/.kovn"), packages: [] })).toMatchObject({
      status: "missing",
      found: expect.stringContaining("`#`"),
    });
    expect(() => assertBuildPath({ work: join(folder, "link/.kovn"), packages: [] })).toThrow(
      expect.objectContaining({ code: "usage", message: expect.stringContaining(`${folder}/issue#12/.kovn" has \`#\``) }),
    );
    expect(checkBuildPath({ work: join(folder, "new/.kovn"), packages: [] })).toMatchObject({
      status: "ok",
      found: join(folder, "new/.kovn"),
    });
  });
});
