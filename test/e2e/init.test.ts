import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";

const { version } = JSON.parse(await readFile("package.json", "utf8")) as { readonly version: string };

describe("kovn-build init", () => {
  test("makes a project in an empty folder, and says what to type next", async ({ folder: both }) => {
    const [folder, empty] = [join(both, "own"), join(both, "empty")];
    for (const one of [folder, empty]) await mkdir(one);
    const { exitCode, stdout } = await kovnBuild(folder, ["init"]);
    expect(exitCode).toBe(0);
    expect(stdout.replaceAll(/ {3,}/g, "  "))
      .toBe(`Made a project with lines 1.12, 1.17: .gitignore, .github/workflows/kovn-build.yml, release.yaml, pipelines, patches

Next
  npm install --save-dev ./kovn-build-${version}.tgz  install kovn-build, from what \`npm pack\` made in its clone
  npx kovn-build  show what can be built
  npx kovn-build doctor --target linux  check what is missing on this machine
  npx kovn-build patches list  list the patches, which are yours now`);
    for (const name of ["patches", "pipelines"]) expect(await contentOf(join(folder, name))).toEqual(await contentOf(name));
    for (const [path, template] of [
      [".github/workflows/kovn-build.yml", "workflow.yml"],
      ["release.yaml", "release.yaml"],
    ] as const)
      expect(await readFile(join(folder, path), "utf8")).toBe(await readFile(join("templates", template), "utf8"));
    expect((await kovnBuild(folder, ["publish", "--allow-unverified"])).stderr).toContain("release.yaml does not let anybody");
    expect(await readFile(join(folder, ".gitignore"), "utf8")).toBe("/.kovn/\n/dist/\n/node_modules/\n");
    // What it plans is the same as the package's own.
    const plan = ["plan", "--target", "linux", "--json"];
    const own = await kovnBuild(folder, plan);
    expect(own).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(own.stdout)).toEqual(JSON.parse((await kovnBuild(empty, plan)).stdout));
  });

  test("takes the lines that are asked for, and the last of them is the default one", async ({ folder }) => {
    const { exitCode, stdout } = await kovnBuild(folder, ["init", "a b", "--line", "v1.12.3"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Made a project with line 1\.12: .*\n\nNext\n {2}cd 'a b' +go there\n/);
    const project = join(folder, "a b");
    expect(await readdir(join(project, "patches"))).not.toContain("1.17");
    expect(await readFile(join(project, "patches/lines.yaml"), "utf8")).toMatch(
      /\ndefault: "1\.12"\nlines:\n {2}- line: "1\.12"\n/,
    );
    const status = await kovnBuild(project, ["status", "--json"]);
    expect(JSON.parse(status.stdout)).toMatchObject({ project, lines: [{ name: "1.12", default: true }] });
  });

  test("leaves a .gitignore as it is, and says so", async ({ folder }) => {
    await writeFile(join(folder, ".gitignore"), "x\n");
    const { exitCode, stdout } = await kovnBuild(folder, ["init"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("\nLeft as it was: .gitignore\n\nNext\n");
    expect(await readFile(join(folder, ".gitignore"), "utf8")).toBe("x\n");
  });

  test.for([["patches"], ["pipelines"], ["release.yaml"], [".github/workflows/kovn-build.yml"]])(
    "writes nothing where there is already `%s`",
    async ([name = ""], { folder }) => {
      await mkdir(join(folder, name), { recursive: true });
      const before = await contentOf(folder);
      expect(await kovnBuild(folder, ["init"])).toMatchObject({
        exitCode: 2,
        stdout: "",
        stderr: expect.stringContaining(
          `This folder has ${name} already.\n  -> run it in another folder, or remove what is in the way`,
        ),
      });
      expect(await contentOf(folder)).toEqual(before);
    },
  );

  test("writes nothing for a line that does not exist", async ({ folder }) => {
    const result = await kovnBuild(folder, ["init", "new", "--line", "9.9"]);
    expect(result).toMatchObject({ exitCode: 2, stdout: "" });
    expect(result.stderr).toMatch(/^Line `9\.9` is unknown\. Available: `1\.12`/m);
    expect(await readdir(folder)).toEqual([]);
  });

  test("removes what a killed one left, and prints JSON", async ({ folder }) => {
    await mkdir(join(folder, ".patches.kovn-0123456789abcdef.next/1.12"), { recursive: true });
    const { exitCode, stdout } = await kovnBuild(folder, ["init", "--line", "1.17", "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      schema: 1,
      folder: ".",
      lines: ["1.17"],
      written: [".gitignore", ".github/workflows/kovn-build.yml", "release.yaml", "pipelines", "patches"],
      kept: [],
    });
    expect((await readdir(folder)).toSorted()).toEqual([".github", ".gitignore", "patches", "pipelines", "release.yaml"]);
  });
});
