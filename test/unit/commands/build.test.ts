import { join } from "node:path";
import { expect } from "vitest";
import { buildCommand } from "../../../src/commands/build.ts";
import { makeBin } from "../../helpers/bin.ts";
import { contentOf } from "../../helpers/content.ts";
import { test } from "../../helpers/folder.ts";
import { makeProject, pipelineYaml } from "../../helpers/project.ts";

test("on Windows, where there is nothing of Debian's, a build runs and keeps nothing", async ({ folder }) => {
  const yaml = pipelineYaml("cp greeting.txt ../out/").replace("target: linux", "target: windows\nhost: windows");
  const root = await makeProject(folder, { "pipelines/test.yaml": yaml });
  await using bin = await makeBin({ git: "", sh: "" });
  const project = { root, work: join(folder, ".kovn") };
  const build = { out: join(folder, "dist"), jobs: 1, installDeps: false, cache: true, keepGoing: false };
  await buildCommand(
    { target: "windows", only: [], from: [], variant: "default", unlocked: false, ...build },
    {
      project,
      machine: { arch: "amd64", system: "windows" },
      reporter: { emit: () => undefined, close: async () => undefined },
      isRoot: false,
      builder: { name: "kovn-build", version: "0", node: "0" },
      host: { env: { PATH: bin.path }, signal: new AbortController().signal },
    },
  );
  expect((await contentOf(join(folder, "dist/windows")))["greeting.txt"]).toBe("hello all worlds\n");
  expect(Object.keys(await contentOf(project.work)).filter((name) => name.startsWith("cache"))).toEqual([]);
});
