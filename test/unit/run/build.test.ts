import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { RunEvent } from "../../../src/run/events.ts";
import { thisMachine, type Machine } from "../../../src/machine/this-machine.ts";
import { runBuild } from "../../../src/run/run-build.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { makeProject, packaging, pipelineYaml } from "../../helpers/project.ts";
import { quietTask } from "../../../src/sys/task.ts";

const options = {
  ...{ only: [], from: [], variant: "default", root: "host", mirror: [], unlocked: true, jobs: 1 },
  ...{ installDeps: false, cache: true, keepGoing: false, keepRuns: 10 },
};

/** Builds a project on a machine, and returns the events. */
async function buildOn(machine: Machine, project: string, target: string, path: string) {
  const events: RunEvent[] = [];
  const emit = (event: RunEvent) => void events.push(event);
  const notice = (message: string) => emit({ event: "notice", message });
  const context = {
    project: { root: project, work: join(project, ".kovn") },
    machine,
    host: { env: { PATH: path }, signal: new AbortController().signal, task: { ...quietTask, notice } },
    builder: { name: "kovn-build", version: "0", node: "20" },
    emit,
    listen: () => undefined,
  };
  await runBuild({ ...options, target, out: join(project, "dist") }, context);
  return events;
}

test("a build on Windows, where no dpkg says what a result depends on, caches nothing", async ({ folder }) => {
  const pipeline = pipelineYaml("cp greeting.txt ../out/").replace("target: linux", "target: windows\nhost: windows");
  const project = await makeProject(folder, { "pipelines/test.yaml": pipeline });
  await using bin = await makeBin({ git: "" });
  const machine = { arch: "amd64", system: "windows", distribution: undefined, cores: 1, isRoot: false } as const;
  const events = await buildOn(machine, project, "windows", bin.path);
  const jobs = events.flatMap((event) => (event.event === "job-end" || event.event === "job-cached" ? [event.event] : []));
  expect(jobs).toEqual(["job-end"]);
  expect(existsSync(join(project, ".kovn/cache"))).toBe(false);
  expect(events.filter((event) => event.event === "notice")).toEqual([]);
});

test.for([
  ["a release that is known", "debian 13", undefined],
  ["another distribution", "mint 22", "This machine has mint 22, which is none of debian 12, "],
  ["a distribution that no file names", undefined, "Nothing says which distribution this machine has (os-release(5)), "],
] as const)("packages for %s are built, and what is unknown is said before anything runs", async (row, { folder }) => {
  const [, distribution, expected] = row;
  const project = await makeProject(folder, packaging);
  const machine = { ...thisMachine(), distribution };
  const events = await buildOn(machine, project, "linux", process.env["PATH"] ?? "");
  const said = events.flatMap((event) =>
    event.event === "notice" || event.event === "job-start" ? [JSON.stringify(event)] : [],
  );
  expect(said.map((text) => text.includes("os-release") || text.includes("mint"))).toEqual(
    expected === undefined ? [false] : [true, false],
  );
  expect(said[0]).toContain(expected ?? '"event":"job-start"');
});
