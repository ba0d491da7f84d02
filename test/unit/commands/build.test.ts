import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { runBuild } from "../../../src/commands/build.ts";
import type { Context } from "../../../src/program/context.ts";
import type { RunEvent } from "../../../src/run/events.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { makeProject, pipelineYaml } from "../../helpers/project.ts";

test("a build on Windows, where no dpkg says what a result depends on, keeps nothing", async ({ folder }) => {
  const pipeline = pipelineYaml("cp greeting.txt ../out/").replace("target: linux", "target: windows\nhost: windows");
  const project = await makeProject(folder, { "pipelines/test.yaml": pipeline });
  await using bin = await makeBin({ git: "" });
  const options = {
    ...{ target: "windows", only: [], from: [], variant: "default", unlocked: true, out: join(project, "dist"), jobs: 1 },
    ...{ installDeps: false, cache: true, keepGoing: false, json: false, verbose: false },
  };
  const events: RunEvent[] = [];
  const reporter = { emit: (event: RunEvent) => void events.push(event), close: async () => undefined };
  const context = {
    ...{ version: "0", node: "20", cores: 1, isRoot: false, actions: undefined },
    project: async () => ({ root: project, work: join(project, ".kovn") }),
    machine: { arch: "amd64", system: "windows" as const },
    host: { env: { PATH: bin.path }, signal: new AbortController().signal },
  };
  await runBuild(options, context as unknown as Context, reporter);
  const jobs = events.flatMap((event) => (event.event === "job-end" || event.event === "job-cached" ? [event.event] : []));
  expect(jobs).toEqual(["job-end"]);
  expect(existsSync(join(project, ".kovn/cache"))).toBe(false);
  expect(events.filter((event) => event.event === "notice")).toEqual([]);
});
