import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { RunEvent } from "../../../src/run/events.ts";
import { runBuild } from "../../../src/run/run-build.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { makeProject, pipelineYaml } from "../../helpers/project.ts";
import { quietTask } from "../../../src/sys/task.ts";

test("a build on Windows, where no dpkg says what a result depends on, caches nothing", async ({ folder }) => {
  const pipeline = pipelineYaml("cp greeting.txt ../out/").replace("target: linux", "target: windows\nhost: windows");
  const project = await makeProject(folder, { "pipelines/test.yaml": pipeline });
  await using bin = await makeBin({ git: "" });
  const options = {
    ...{
      target: "windows",
      only: [],
      from: [],
      variant: "default",
      root: "host",
      mirror: [],
      unlocked: true,
      out: join(project, "dist"),
      jobs: 1,
    },
    ...{ installDeps: false, cache: true, keepGoing: false, keepRuns: 10 },
  };
  const events: RunEvent[] = [];
  const context = {
    project: { root: project, work: join(project, ".kovn") },
    machine: { arch: "amd64", system: "windows", distribution: undefined, cores: 1, isRoot: false },
    host: { env: { PATH: bin.path }, signal: new AbortController().signal, task: quietTask },
    builder: { name: "kovn-build", version: "0", node: "20" },
    emit: (event: RunEvent) => void events.push(event),
    listen: () => undefined,
  } as const;
  await runBuild(options, context);
  const jobs = events.flatMap((event) => (event.event === "job-end" || event.event === "job-cached" ? [event.event] : []));
  expect(jobs).toEqual(["job-end"]);
  expect(existsSync(join(project, ".kovn/cache"))).toBe(false);
  expect(events.filter((event) => event.event === "notice")).toEqual([]);
});
