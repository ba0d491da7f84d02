import { access, constants } from "node:fs/promises";
import { describe, expect } from "vitest";
import { verbs } from "../../src/commands/verbs.ts";
import { cli, kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { writeProject } from "../helpers/project.ts";

describe.concurrent("help", () => {
  test("of the program lists every command once, and exits with 0", async ({ folder }) => {
    const { exitCode, stdout } = await kovnBuild(folder, ["--help"]);
    expect(exitCode).toBe(0);
    for (const name of new Set(verbs.verbs.map(({ path }) => path[0])))
      expect(stdout.match(new RegExp(`^ {2}${name} {2,}\\S`, "gm")), name).toHaveLength(1);
  });

  test.for(verbs.verbs.map(({ path }) => path.join(" ")))(
    "of %s has an example, and no default that says nothing",
    async (path, { folder }) => {
      const { exitCode, stdout } = await kovnBuild(folder, [...path.split(" "), "--help"]);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^Examples:\n {2}\S/m);
      expect(stdout).not.toMatch(/\(default: (\[\]|false)\)/);
    },
  );

  test.for(["help patches", "patches help", "patches --help"])(
    "as `%s` shows the arguments of its commands",
    async (line, { folder }) => {
      const { stdout } = await kovnBuild(folder, line.split(" "));
      expect(stdout).toContain("apply [options] <source> <dir>");
    },
  );

  test("as `patches help apply` shows that command's options", async ({ folder }) => {
    const { stdout } = await kovnBuild(folder, ["patches", "help", "apply"]);
    expect(stdout).toContain("--until <patch>");
  });
});

test("a command after `--` runs as it does without", async ({ folder }) => {
  const project = await writeProject(folder);
  const [plain, dashed] = await Promise.all([
    kovnBuild(project, ["patches", "list"]),
    kovnBuild(project, ["--", "patches", "list"]),
  ]);
  expect(plain.stdout).not.toBe("");
  expect(dashed).toEqual(plain);
});

test("the compiled program can be run by its name after each build", async () => {
  await expect(access(cli, constants.X_OK)).resolves.toBeUndefined();
});
