import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { commitAll, demo, makeProject, pin, sourceYaml, writeFiles } from "../helpers/project.ts";
import { demoAutotools } from "./demo-autotools.ts";

const pipeline = (first: string) => `name: test
target: linux
flags: { default: { amd64: -O2 -g, arm64: -O2 -g } }
jobs:
  first:
    source: demo
    steps: [{ uses: shell, with: { script: "echo > config.site; echo 1 > ../out/first.txt; ${first}" } }]
    outputs: [src/config.site]
    artifacts: ['*.txt']
  second:
    source: demo
    needs: [first]
    steps:
      - uses: deb
        with:
          packages: [demo]
          configure:
            reads: [configure.ac, Makefile.am, 'm4/**', lib/greet.c, 'debian/**']
            others: [first/src/config.site]
    artifacts: ['*.deb', 'debug/*.deb']
`;

/** A project with these jobs of a source that autotools configure. */
async function makeJobs(folder: string, first: string, changes: Partial<typeof demoAutotools> = {}): Promise<string> {
  const project = await makeProject(folder, { "pipelines/test.yaml": pipeline(first) });
  const upstream = join(folder, "upstream");
  await writeFiles(upstream, { ...demoAutotools, ...changes });
  const yaml = sourceYaml(upstream).replace(pin, await commitAll(upstream, "Autotools"));
  await writeFiles(project, { [`${demo}/source.yaml`]: yaml });
  return project;
}

const build = ["--target", "linux", "--unlocked", "--jobs", "2"];

interface Event {
  readonly event: string;
  readonly job?: string;
  readonly title?: string;
}

/** The events of a project's only run, as words. */
async function eventsOf(project: string): Promise<readonly string[]> {
  const [run = ""] = await readdir(join(project, ".kovn/runs"));
  const text = await readFile(join(project, ".kovn/runs", run, "events.jsonl"), "utf8");
  const events = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Event);
  return events.map(({ event, job, title }) => [event, job, title].filter((word) => word !== undefined).join(" "));
}

async function logOf(project: string, job: string): Promise<readonly string[]> {
  const [run = ""] = await readdir(join(project, ".kovn/runs"));
  return (await readFile(join(project, ".kovn/runs", run, job, "log"), "utf8")).split("\n");
}

async function packagesOf(project: string): Promise<Readonly<Record<string, string>>> {
  const folder = join(project, "dist/linux");
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".deb")).toSorted();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "base64")] as const)),
  );
}

test("autoreconf runs before the needed job has ended, and the packages are those of a build without the cache", async ({
  folder,
}) => {
  const project = await makeJobs(folder, "sleep 3");
  expect(await kovnBuild(project, build)).toMatchObject({ exitCode: 0 });
  const events = await eventsOf(project);
  const places = ["task-start second begin, while first is built", "job-end first", "job-start second"].map((event) =>
    events.indexOf(event),
  );
  expect(places.every((place, index) => place > (places[index - 1] ?? 0))).toBe(true);
  expect(events.filter((event) => event.startsWith("task-start second apply"))).toHaveLength(1);
  const log = (await logOf(project, "second")).filter((line) => line.startsWith("kovn-build: ") || /^ +dh_autoreconf/.test(line));
  expect(log).toEqual([
    expect.stringMatching(/^kovn-build: demo 1.2.3: base /),
    "   dh_autoreconf",
    "kovn-build: autoreconf ran now",
    "kovn-build: step 1 of 1: deb",
    "kovn-build: autoreconf ran before: its files are used again",
    "kovn-build: configured now",
  ]);
  const packages = await packagesOf(project);
  expect(Object.keys(packages)).toHaveLength(2);
  expect(await kovnBuild(project, [...build, "--no-cache"])).toMatchObject({ exitCode: 0 });
  expect(await packagesOf(project)).toEqual(packages);
});

test("what fails ahead is reported as a failure of its job", async ({ folder }) => {
  const project = await makeJobs(folder, "sleep 3", { "configure.ac": "AC_INIT\nAC_NOT_KNOWN_AT_ALL(\n" });
  const result = await kovnBuild(project, build);
  expect(result).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("Job `second`, step 1 (deb): ") });
  expect(result.stderr).toContain("first: built");
  expect((await eventsOf(project)).filter((event) => event.startsWith("job-"))).toEqual([
    "job-start first",
    "job-end first",
    "job-start second",
    "job-end second",
  ]);
});

test("a job whose needed job fails only begins", async ({ folder }) => {
  const project = await makeJobs(folder, "sleep 1; exit 1");
  expect(await kovnBuild(project, [...build, "--keep-going"])).toMatchObject({ exitCode: 1 });
  const jobs = (await eventsOf(project)).filter((event) => event.startsWith("job-"));
  expect(jobs).toEqual(["job-start first", "job-end first", "job-skipped second"]);
});
