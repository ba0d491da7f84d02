import { mkdir, readFile, readdir, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { cli, kovnBuild, run } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { canMount, onOverlay } from "../helpers/isolate.ts";
import { makeProject } from "../helpers/project.ts";

describe("build replaces the folder for results", () => {
  test("behind a link, which stays", async ({ folder }) => {
    const project = await makeProject(folder);
    await mkdir(join(folder, "elsewhere"));
    await mkdir(join(project, "dist"));
    await symlink("../../elsewhere", join(project, "dist/linux"));
    for (const options of [["--no-cache"], ["--no-cache"]])
      expect(await kovnBuild(project, ["--target", "linux", ...options])).toMatchObject({ exitCode: 0 });
    expect(await readlink(join(project, "dist/linux"))).toBe("../../elsewhere");
    expect(await readFile(join(folder, "elsewhere/greeting.txt"), "utf8")).toBe("hello all worlds\n");
    expect(await readdir(folder)).not.toContain("elsewhere.previous");
  });

  test.skipIf(!canMount)("of an image's layer, in a container (needs root)", async ({ folder }) => {
    const project = await makeProject(folder);
    const out = join(folder, "results");
    await mkdir(join(out, "linux"), { recursive: true });
    await writeFile(join(out, "linux/old.txt"), "old\n");
    const args = ["--target", "linux", "--out", out];
    expect(await run(project, [...onOverlay(out), process.execPath, cli, ...args])).toMatchObject({ exitCode: 0 });
    expect((await readdir(`${out}.after`)).toSorted()).toEqual(["linux"]);
    expect((await readdir(`${out}.after/linux`)).toSorted()).toEqual(["SHA256SUMS", "artifacts.json", "greeting.txt"]);
  });
});
