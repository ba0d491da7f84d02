import { cp, readFile, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "vitest";
import type { Manifest, Plan } from "../../src/index.ts";
import { run } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { makeProject, writeFiles } from "../helpers/project.ts";

/** What a new step kind is: one file. */
const note = `import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { StepKind } from "./step.ts";

const schema = z.strictObject({ file: z.string().regex(/^[a-z]+$/, "expected small letters"), text: z.string() });

export const note: StepKind<"note", z.infer<typeof schema>> = {
  name: "note",
  schema,
  run: ({ file, text }, { dir }) => writeFile(join(dir, "out", \`\${file}.txt\`), text),
  makes: ({ file }) => [\`\${file}.txt\`],
  packages: ["coreutils"],
};
`;

const pipeline = (input: string, more = "") => `name: test
target: linux
flags: { default: { amd64: -O2, arm64: -O2 } }
jobs:
  demo: { source: demo, ${more}steps: [{ uses: note, with: ${input} }], artifacts: ['*.txt'] }
`;

/**
 * A copy of this program with the kind `note`: its file, and its line in the registry. Returns how
 * to run it.
 */
async function withNote(folder: string): Promise<readonly string[]> {
  // With what is compiled, so that only what changes is compiled again.
  for (const name of ["src", "build", "package.json", "tsconfig.json", "tsconfig.build.json"])
    await cp(name, join(folder, name), { recursive: true });
  await symlink(resolve("node_modules"), join(folder, "node_modules"));
  const registry = await readFile("src/steps/registry.ts", "utf8");
  await writeFiles(folder, {
    "src/steps/note.ts": note,
    "src/steps/registry.ts": `import { note } from "./note.ts";\n${registry.replace("stepKinds = [", "stepKinds = [note, ")}`,
  });
  const compiled = await run(folder, ["node_modules/.bin/tsc", "-p", "tsconfig.build.json", "--preserveSymlinks"]);
  expect(compiled).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  return [process.execPath, join(folder, "build/cli.js")];
}

test("a new step kind is one file and its line in the registry: it is checked, planned, drawn and run", async ({ folder }) => {
  const program = await withNote(join(folder, "house"));
  const project = await makeProject(folder, {
    "pipelines/test.yaml": pipeline("{ file: hello, text: world }", "packages: [bash], "),
  });
  const plan = await run(project, [...program, "plan", "--target", "linux", "--unlocked", "--json"]);
  expect(plan).toMatchObject({ exitCode: 0, stderr: "" });
  expect((JSON.parse(plan.stdout) as Plan).jobs).toMatchObject([
    { packages: ["bash", "coreutils"], steps: [{ uses: "note", with: { file: "hello", text: "world" } }] },
  ]);
  const graph = await run(project, [...program, "plan", "--target", "linux", "--mermaid"]);
  expect(graph.stdout).toContain('step_demo_1["note<br>hello.txt"]');
  expect(await run(project, [...program, "--target", "linux"])).toMatchObject({ exitCode: 0 });
  expect(await readFile(join(project, "dist/linux/hello.txt"), "utf8")).toBe("world");
  const manifest = JSON.parse(await readFile(join(project, "dist/linux/artifacts.json"), "utf8")) as Manifest;
  expect(Object.keys(manifest.jobs[0]?.tools ?? {})).toEqual(["bash", "coreutils"]);
  await writeFiles(project, { "pipelines/test.yaml": pipeline("{ file: 1A, text: world, more: 1 }") });
  const wrong = await run(project, [...program, "plan", "--target", "linux"]);
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toContain("`file`: expected small letters.");
  expect(wrong.stderr).toContain("Key `more` is unknown here.");
});
