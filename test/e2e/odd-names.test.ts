import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { demo, makeProject, pipelineYaml, sourceYaml, writeProject } from "../helpers/project.ts";
import { complains } from "../helpers/wrong.ts";

const build = ["--target", "linux"];

test("a line with a source, a job and a variant named `constructor` is locked, built and published", async ({ folder }) => {
  const yaml = pipelineYaml("cp greeting.txt ../out/constructor").replace("*.txt", "constructor");
  const named = yaml
    .replace("  demo:", "  constructor:")
    .replace("source: demo", "source: constructor")
    .replace("default:", "constructor:");
  const project = await makeProject(folder, { "pipelines/test.yaml": named });
  await rename(join(project, demo), join(project, "patches/1.0/constructor"));
  const variant = ["--variant", "constructor"];
  expect(await kovnBuild(project, ["patches", "lock"])).toMatchObject({ exitCode: 0 });
  expect(await kovnBuild(project, [...build, ...variant])).toMatchObject({ exitCode: 0 });
  expect(await kovnBuild(project, [...build, ...variant])).toMatchObject({ exitCode: 0 });
  expect(
    (await kovnBuild(project, ["plan", ...variant, "--target", "linux", "--from", "constructor=../upstream"])).stdout,
  ).toContain("../upstream");
  expect(await kovnBuild(project, ["publish", "--allow-unverified", "--to", "dir=out"])).toMatchObject({ exitCode: 0 });
});

/** What is wrong, a project with it, the arguments, and what is said. */
const refused: readonly (readonly [string, Parameters<typeof writeProject>[1], readonly string[], string])[] = [
  [
    "a variant that only objects have",
    {},
    ["--variant", "constructor"],
    "Variant `constructor` is unknown. Available: `default`.",
  ],
  ["a job that only objects have", {}, ["--only", "toString"], "Job `toString` is unknown. Available: `demo`."],
  [
    "a job `__proto__`",
    { "pipelines/test.yaml": pipelineYaml("true").replace("  demo:", "  __proto__:") },
    [],
    "Key `__proto__` is unknown here.",
  ],
  ["a source folder `__proto__`", { "patches/1.0/__proto__/series": "" }, [], "expected a name of small letters"],
  [
    "a job with the name of a device of Windows",
    { "pipelines/test.yaml": pipelineYaml("true").replace("  demo:", "  com1:") },
    [],
    "Windows keeps this name for a device",
  ],
  [
    "a version that is a path",
    { [`${demo}/source.yaml`]: sourceYaml("up").replace("1.2.3", "1/../../../x") },
    [],
    "expected a version",
  ],
  [
    "a version with a line end",
    { [`${demo}/source.yaml`]: sourceYaml("up").replace("1.2.3", '"1.2\\n3"') },
    [],
    "expected a version",
  ],
  ["a text with NUL", { [`${demo}/source.yaml`]: sourceYaml('"a\\0b"') }, [], "NUL is not allowed in a text."],
];
for (const [what, files, args, says] of refused)
  test(`${what} is refused`, async ({ folder }) => {
    await complains(await writeProject(folder, files), [...build, ...args], {
      exitCode: 2,
      says: [says],
    });
  });

test("a package that only objects have is not installed", async ({ folder }) => {
  const yaml = `${pipelineYaml("true")}    packages: [constructor]\n`;
  const { stderr } = await kovnBuild(await makeProject(folder, { "pipelines/test.yaml": yaml }), build);
  expect(stderr).toContain("not installed: constructor");
});

const outside = ["../log", ".\\./log", "d/.\\./.\\./log", ".\\./out/a.txt"];

test("an artifact is a file of the job's folder, however the pattern is spelled, and no link", async ({ folder }) => {
  await writeFile(join(folder, "secret"), "x");
  const scripts: readonly (readonly [string, string])[] = [
    ...outside.slice(1).map((pattern) => ["mkdir -p ../out/d; touch ../out/a.txt", pattern] as const),
    [`ln -s ${folder}/secret ../out/a.txt`, "*.txt"],
    [`ln -s ${folder} ../out/d`, "d/secret"],
    ["touch ../out/b; ln -s b ../out/a.txt", "*.txt"],
    ["touch '../out/a b.txt'", "*.txt"],
  ];
  const project = await makeProject(folder);
  for (const [script, pattern] of scripts) {
    await writeFile(join(project, "pipelines/test.yaml"), pipelineYaml(script, pattern));
    const { exitCode, stderr } = await kovnBuild(project, [...build, "--unlocked"]);
    expect(stderr, `${script} ${pattern}`).toContain("cannot be published: ");
    expect(stderr, `${script} ${pattern}`).not.toMatch(/^ +at /m);
    expect(exitCode).toBe(1);
  }
});

test("a zip holds files of the job's folder only, however the pattern is spelled", async ({ folder }) => {
  await mkdir(join(folder, "home"));
  await writeFile(join(folder, "home/secret"), "x");
  const project = await makeProject(folder);
  await symlink(join(folder, "home"), join(folder, "link"));
  for (const pattern of [".\\./.\\./.\\./.\\./home/secret", "src/d/secret"]) {
    const zip = `      - uses: zip\n        with: { name: x, folder: a, files: { b: ['${pattern}'] } }\n    artifacts:`;
    const yaml = pipelineYaml(`ln -s ${folder}/home d; touch ../out/a`, "*").replace("    artifacts:", zip);
    await writeFile(join(project, "pipelines/test.yaml"), yaml);
    const { exitCode, stderr } = await kovnBuild(project, build);
    expect(stderr).toMatch(/it is outside of|No file of the job matches/);
    expect(exitCode).toBe(1);
  }
});
