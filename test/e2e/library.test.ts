import { mkdir, readFile, readdir, rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect } from "vitest";
import { run } from "../helpers/cli.ts";
import { copyFixture } from "../helpers/fixtures.ts";
import { test } from "../helpers/folder.ts";
import { makeProject, writeFiles } from "../helpers/project.ts";

/** Says which tasks every function opens. */
const tasks = `
import { build, doctor, prove, publish, type RunEvent } from "kovn-build";

const listen = () => {
  const open = new Map<number, string>();
  const titles: string[] = [];
  const onEvent = (event: RunEvent) => {
    if (event.event === "task-start") open.set(event.task, event.title);
    if (event.event === "task-end") titles.push(\`\${open.get(event.task)}: \${event.outcome}\`);
  };
  return { titles, onEvent };
};
const [checked, built, proved, published] = [listen(), listen(), listen(), listen()];
await doctor({ target: "linux", onEvent: checked.onEvent });
await build({ target: "linux", unlocked: true, onEvent: built.onEvent });
await prove({ programs: "dist", onEvent: proved.onEvent }).catch(() => undefined);
await publish({ to: ["dir=public"], allowUnlocked: true, allowUnverified: true, onEvent: published.onEvent });
console.log(JSON.stringify([checked, built, proved, published].map(({ titles }) => titles)));
`;

/** Builds four times, with secrets in the addresses and the environment. */
const builds = `
import { build } from "kovn-build";

const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", MIRROR_TOKEN: "0123456789abcdef" };
const from = ["demo=https://me:qwertyuiop@localhost:1/demo.git", "demo=https://localhost:1/0123456789abcdef.git"];
for (const one of from)
  await build({ target: "linux", unlocked: true, env, from: [one] }).catch(() => undefined);
await Promise.all(["one", "two"].map((out) => build({ target: "linux", unlocked: true, env, out })));
`;

/** Takes what every function returns, and reads errors. */
const fields = `
import { BuildError, build, doctor, prove, publish, type MachineCheck, type Proof, type Published } from "kovn-build";

const failure = async (call: Promise<unknown>) =>
  call.then(
    () => "none",
    (error: unknown) => (error instanceof BuildError ? [error.code, error.source, error.job].join(" ") : String(error)),
  );
const checks: readonly MachineCheck[] = await doctor({ target: "linux" });
await build({ target: "linux", unlocked: true });
const published: Published = await publish({ to: ["dir=public"], allowUnlocked: true, allowUnverified: true });
const unreachable = await failure(build({ target: "linux", from: ["demo=nowhere"], cache: false }));
const refused = await failure(prove({ programs: "dist", only: "nothing" }) satisfies Promise<readonly Proof[]>);
const stopped = await failure(build({ target: "linux", cache: false, signal: AbortSignal.abort(new Error("enough")) }));
console.log(JSON.stringify({ checks: checks.map((check) => check.name), published, unreachable, refused, stopped }));
`;

/** What makes a folder a project of somebody else, which has kovn-build among its dependencies. */
async function makePackage(project: string): Promise<void> {
  await writeFiles(project, { "package.json": '{ "type": "module" }' });
  await mkdir(join(project, "node_modules/@types"), { recursive: true });
  await symlink(resolve("."), join(project, "node_modules/kovn-build"));
  await symlink(resolve("node_modules/@types/node"), join(project, "node_modules/@types/node"));
}

/** Compiles the programs below in a folder, all at once, into `out/`. Returns their names. */
async function compilePrograms(folder: string): Promise<readonly string[]> {
  const [, example = ""] = /^```ts\n(.*?)^```$/ms.exec(await readFile("docs/library.md", "utf8")) ?? [];
  await makePackage(folder);
  await writeFiles(folder, {
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        ...{ target: "es2023", module: "nodenext", types: ["node"], outDir: "out", rootDir: "." },
        ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
      },
      include: ["*.ts"],
    }),
    ...{ "example.ts": example, "tasks.ts": tasks, "builds.ts": builds, "fields.ts": fields },
  });
  const tsc = [process.execPath, resolve("node_modules/typescript/bin/tsc"), "-p", "."];
  expect(await run(folder, tsc)).toMatchObject({ exitCode: 0, stdout: "" });
  await rm(join(folder, "node_modules"), { recursive: true });
  return readdir(join(folder, "out"));
}

/** A project of somebody else with the compiled programs. */
async function makeUser(folder: string): Promise<string> {
  const project = await makeProject(folder);
  await copyFixture("library", project, compilePrograms);
  await makePackage(project);
  return project;
}

describe("a program that imports kovn-build", () => {
  test("plans and builds with the example of docs/library.md, compiled by tsc --strict", async ({ folder }) => {
    const project = await makeUser(folder);
    const first = await run(project, [process.execPath, "out/example.js"]);
    expect(first).toMatchObject({ exitCode: 0 });
    const sum = "[0-9a-f]{64}";
    const dist = join(project, "dist/linux/greeting.txt");
    expect(first.stdout).toMatch(new RegExp(`^demo 1\\.2\\.3\\+kovn1\\.[0-9a-f]{8}\n${sum}  ${dist}$`));
    const events = first.stderr.split("\n");
    expect(events).toContain("task-start");
    expect(events.filter((event) => !event.startsWith("task-"))).toEqual([
      "run",
      "plan",
      // The project has no lock.
      "notice",
      "base",
      "jobs",
      "job-start",
      "output",
      "step-start",
      "output",
      "job-end",
      "done",
    ]);
    expect(await readFile(dist, "utf8")).toBe("hello all worlds\n");
    await writeFiles(project, { "pipelines/test.yaml": "name: broken\n" });
    const broken = await run(project, [process.execPath, "out/example.js"]);
    expect(broken.exitCode).toBe(1);
    expect(broken.stderr).toContain("pipelines/test.yaml");
  });

  test("hears of the tasks of every function", async ({ folder }) => {
    const project = await makeUser(folder);
    const { stdout, stderr } = await run(project, [process.execPath, "out/tasks.js"]);
    expect(stderr).toBe("");
    const [checked, built, proved, published] = JSON.parse(stdout) as readonly (readonly string[])[];
    expect(checked).toEqual(["check this machine: done"]);
    expect(built).toEqual(expect.arrayContaining(["check this machine: done", "demo: done"]));
    expect(proved).toEqual(["find the programs in dist: done", "prove entry 1 (1 of 1): Greet the world: done"]);
    expect(published).toEqual([
      `check the files in ${project}/dist/linux: done`,
      "write the SBOM: done",
      "check dir=public: done",
      `copy 5 files to ${project}/public: done`,
      "publish to dir=public: done",
    ]);
  });

  test("gives each build a run of its own, without secrets", async ({ folder }) => {
    const project = await makeUser(folder);
    expect(await run(project, [process.execPath, "out/builds.js"])).toMatchObject({ exitCode: 0, stderr: "" });
    const runs = join(project, ".kovn/runs");
    const files = (await readdir(runs)).map(async (one) => readFile(join(runs, one, "events.jsonl"), "utf8"));
    const texts = await Promise.all(files);
    expect(texts.map((text) => text.split('"event":"run"').length - 1)).toEqual([1, 1, 1, 1]);
    expect(texts.join("")).toContain("localhost:1/");
    expect(texts.join("")).not.toMatch(/qwertyuiop|0123456789abcdef/);
  });

  test("checks the machine, publishes, and reads what is wrong from the fields of an error", async ({ folder }) => {
    const project = await makeUser(folder);
    const { exitCode, stdout, stderr } = await run(project, [process.execPath, "out/fields.js"]);
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      checks: expect.arrayContaining(["git", "memory"]) as unknown,
      published: { line: "1.0", outcomes: [{ to: "dir=public", removed: [] }] },
      unreachable: "network demo ",
      refused: "usage  ",
      stopped: "Error: enough",
    });
  });
});
