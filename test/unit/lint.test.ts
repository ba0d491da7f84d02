import { readFileSync, readdirSync } from "node:fs";
import { cp, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { test } from "../helpers/folder.ts";
import { writeFiles } from "../helpers/project.ts";

const bare = "export const value = 1;\n";
const long = "export const value = [\n".concat("  1,\n".repeat(250), "];\n");
const uses = (name: string, what = "value") => `import { ${what} } from "${name}";\n\nexport const used = ${what};\n`;
const typeOf = (name: string) => `import type { value } from "${name}";\n\nexport type Used = typeof value;\n`;

/** What a file says that breaks a rule of the house, and which rule of oxlint says so. */
const broken: Readonly<Record<string, readonly [file: string, text: string, rule: string]>> = {
  "plan/ reaches outside": ["src/plan/bad-1.ts", uses("../sys/target.ts"), "no-restricted-imports"],
  "errors.ts imports": ["src/errors.ts", uses("./sys/target.ts"), "no-restricted-imports"],
  "sys/ knows a command": ["src/sys/bad-2.ts", uses("../commands/target.ts"), "no-restricted-imports"],
  "report/ knows a command": ["src/report/bad-3.ts", uses("../commands/target.ts"), "no-restricted-imports"],
  "a step knows the run": ["src/steps/bad-4.ts", uses("../run/target.ts"), "no-restricted-imports"],
  "cli.ts goes past the commands": ["src/cli.ts", uses("./run/target.ts"), "no-restricted-imports"],
  "the file of a door reaches up": ["src/sys/exec.ts", uses("../run/target.ts"), "no-restricted-imports"],
  "execa outside its door": ["src/sys/git.ts", uses("execa", "execa"), "no-restricted-imports"],
  "node:child_process": ["src/run/bad-5.ts", uses("node:child_process", "spawn"), "no-restricted-imports"],
  "child_process by its old name": ["src/run/bad-6.ts", uses("child_process", "spawn"), "no-restricted-imports"],
  "tar outside its door": ["src/patches/bad-7.ts", uses("tar", "extract"), "no-restricted-imports"],
  "octokit outside its door": ["src/publish/bad-20.ts", uses("octokit", "Octokit"), "no-restricted-imports"],
  "undici outside its door": ["src/sys/github.ts", uses("undici", "request"), "no-restricted-imports"],
  "commander in the run": ["src/run/bad-8.ts", uses("commander", "Command"), "no-restricted-imports"],
  "YAML outside config/": ["src/release/bad-9.ts", uses("yaml", "parse"), "no-restricted-imports"],
  "p-queue outside run/": [
    "src/commands/a.ts",
    'import PQueue from "p-queue";\n\nexport const used = PQueue;\n',
    "no-restricted-imports",
  ],
  "cli-truncate outside report/": ["src/run/bad-10.ts", uses("cli-truncate", "truncate"), "no-restricted-imports"],
  "listr2 outside its door": ["src/report/bad-30.ts", uses("listr2", "Listr"), "no-restricted-imports"],
  "a socket outside sys/": ["src/run/bad-21.ts", uses("node:net", "connect"), "no-restricted-imports"],
  "a request outside its door": ["src/sys/download.ts", uses("node:https", "request"), "no-restricted-imports"],
  "a file read without a look at it": ["src/publish/bad-31.ts", uses("node:fs/promises", "readFile"), "no-restricted-imports"],
  "the same at once": ["src/sys/bad-32.ts", uses("node:fs", "readFileSync"), "no-restricted-imports"],
  "the same by the old name": ["src/config/bad-33.ts", uses("fs", "createReadStream"), "no-restricted-imports"],
  "the same in all of a module": [
    "src/run/bad-34.ts",
    'import * as fs from "node:fs/promises";\n\nexport const used = fs;\n',
    "no-restricted-imports",
  ],
  "fetch as a global": ["src/publish/bad-22.ts", "export const used = fetch;\n", "no-restricted-globals"],
  "process as a module": ["src/run/bad-11.ts", uses("node:process", "argv"), "no-restricted-imports"],
  "process as a global": ["src/run/bad-12.ts", "export const used = process.argv;\n", "no-restricted-globals"],
  "process.env": ["src/sys/processes.ts", "export const used = process.env;\n", "no-process-env"],
  "process.exit": ["src/run/exit.ts", "process.exit(1);\n", "no-process-exit"],
  "a circle of files": ["src/run/circle.ts", uses("./half.ts", "used"), "no-cycle"],
  "a circle of types": ["src/run/circle-2.ts", typeOf("./half-2.ts"), "no-cycle"],
  "a file of more than 250 lines": ["src/run/bad-13.ts", long, "max-lines"],
  "a promise that nobody waits for": [
    "src/run/a.ts",
    "export function a(): void {\n  Promise.resolve();\n}\n",
    "no-floating-promises",
  ],
  "a default export": ["src/run/bad-14.ts", "export default 1;\n", "no-default-export"],
  any: ["src/run/bad-15.ts", "export const value: any = 1;\n", "no-explicit-any"],
};

const fine: Readonly<Record<string, readonly [file: string, text: string]>> = {
  "types from anywhere": ["src/report/bad-16.ts", typeOf("../run/target.ts")],
  "a value from an allowed folder": ["src/run/bad-17.ts", uses("../sys/target.ts")],
  "a package in its door": ["src/config/bad-18.ts", uses("yaml", "parse")],
  "a file that is written": ["src/run/bad-35.ts", uses("node:fs/promises", "writeFile")],
  "a file read in its door": ["src/sys/read-file.ts", uses("node:fs/promises", "readFile")],
  "a file of 250 lines": ["src/run/bad-19.ts", long.replace("  1,\n  1,\n  1,\n", "  1,\n")],
};

/** Rules that oxlint finds broken, by file, in a small copy of the house outside of the real one. */
async function lint(folder: string, files: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, readonly string[]>> {
  for (const name of ["oxlint.config.mjs", "tsconfig.json", "package.json"]) await cp(name, join(folder, name));
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  await writeFiles(folder, files);
  const args = ["-c", "oxlint.config.mjs", "--format", "json", "src"];
  const { stdout } = await execa("node_modules/.bin/oxlint", args, { cwd: folder, reject: false });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: readonly { code: string; filename: string }[] };
  const found = new Map<string, readonly string[]>();
  for (const { code, filename } of diagnostics)
    found.set(filename, [...(found.get(filename) ?? []), /\(([^)]+)\)/.exec(code)?.[1] ?? code]);
  return found;
}

describe("oxlint", () => {
  test("finds every rule of the house broken on purpose, and nothing where none is", async ({ folder }) => {
    const targets = ["sys", "plan", "run", "commands"].map((name) => [`src/${name}/target.ts`, bare] as const);
    const files = [...Object.values(broken), ...Object.values(fine)].map(([file, text]) => [file, text] as const);
    expect(new Set(files.map(([file]) => file)).size).toBe(files.length);
    const found = await lint(folder, {
      ...Object.fromEntries([...targets, ...files]),
      "src/run/half.ts": uses("./circle.ts", "used"),
      "src/run/half-2.ts": typeOf("./circle-2.ts").replace("value", "Used as value"),
    });
    const missed = Object.entries(broken).filter(([, [file, , rule]]) => found.get(file)?.includes(rule) !== true);
    expect(missed.map(([what]) => what)).toEqual([]);
    const wrong = Object.entries(fine).filter(([, [file]]) => found.has(file));
    expect(wrong.map(([what]) => what)).toEqual([]);
  });

  test("would allow every lazy import of src/ as an ordinary one, which is all that it sees", async ({ folder }) => {
    const files: Record<string, string> = {};
    for (const name of readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))) {
      const text = readFileSync(join("src", name), "utf8");
      const lazy = [...text.matchAll(/\bimport\("([^"]+)"\)/g)].map(
        (match, index) => `import * as lazy${index} from "${match[1]}";\n`,
      );
      files[join("src", name)] = `${lazy.join("")}${text}`;
    }
    expect(Object.values(files).filter((text) => text.includes("import * as lazy0")).length).toBeGreaterThan(3);
    const found = await lint(folder, files);
    expect([...found].filter(([, rules]) => rules.includes("no-restricted-imports"))).toEqual([]);
  });
});
