import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Plan } from "../../src/index.ts";
import { readDistribution } from "../../src/machine/distribution.ts";
import { cli, kovnBuild, run } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { demo, makeProject, packaging, pipelineYaml, sourceYaml, writeFiles, writeProject } from "../helpers/project.ts";

// The projects here have no lock, which is said otherwise.
const plan = ["plan", "--target", "linux", "--unlocked"];
const jsonOf = async (project: string, ...more: string[]) => {
  const result = await kovnBuild(project, [...plan, "--json", ...more]);
  expect(result).toMatchObject({ exitCode: 0, stderr: "" });
  return JSON.parse(result.stdout) as Plan;
};

describe("plan", () => {
  test("shows what a build will do, and changes no file", async ({ folder }) => {
    const project = await writeProject(folder);
    const before = await contentOf(project);
    const result = await kovnBuild(project, plan);
    expect(result).toMatchObject({ exitCode: 0, stderr: "" });
    const lines = result.stdout.split("\n").map((line) => line.replace(/ +/g, " ").trim());
    expect(lines).toEqual([
      expect.stringMatching(/^linux, line 1\.0, variant default, (amd64|arm64): -O2$/),
      "",
      "demo",
      "needs -",
      `base ${folder}/upstream at 6ed1afa7a74a`,
      "else -",
      "series 2 patches, revision 1",
      expect.stringMatching(/^version <changelog's>\+kovn1\.[0-9a-f]{8}$/),
      "steps shell",
      "artifacts *.txt",
      expect.stringMatching(/^key [0-9a-f]{16}$/),
    ]);
    expect(await contentOf(project)).toEqual(before);
  });

  test("says for which distribution packages are built", async ({ folder }) => {
    const project = await writeProject(folder);
    expect((await jsonOf(project)).jobs[0]).not.toHaveProperty("distribution");
    const deb = pipelineYaml("true").replace(
      /uses: shell\n[^]*script: \|\n.*\n/,
      "uses: deb\n        with: { packages: [demo] }\n",
    );
    await writeFiles(project, { "pipelines/test.yaml": deb });
    expect((await jsonOf(project)).jobs[0]?.distribution).toBe(readDistribution());
  });

  test("is not stopped by a wrong pipeline of another target", async ({ folder }) => {
    const project = await writeProject(folder, { "pipelines/other.yaml": "name: other\ntarget: windows\njobs: wrong\n" });
    expect((await jsonOf(project)).target).toBe("linux");
    const other = await kovnBuild(project, ["plan", "--target", "windows"]);
    expect(other).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("pipelines/other.yaml:3:") as string });
  });

  test("needs no network: it does not wait for an upstream that cannot be reached", async ({ folder }) => {
    const project = await writeProject(folder, { [`${demo}/source.yaml`]: sourceYaml("https://nowhere.invalid/demo.git") });
    expect((await jsonOf(project)).jobs[0]?.base).toMatchObject({ kind: "git", url: "https://nowhere.invalid/demo.git" });
  });

  test("is the same each time, and is what `build` runs", async ({ folder }) => {
    const project = await makeProject(folder);
    const before = await jsonOf(project);
    expect(await jsonOf(project)).toEqual(before);
    const built = await kovnBuild(project, ["--target", "linux", "--json"]);
    const event = built.stdout.split("\n").find((line) => line.startsWith('{"event":"plan"')) ?? "";
    expect(JSON.parse(event)).toEqual({ event: "plan", ...before, time: expect.any(Number) });
    expect(await jsonOf(project)).toEqual(before);
  });

  test("does not depend on the folder of the project", async ({ folder }) => {
    const yaml = { [`${demo}/source.yaml`]: sourceYaml("https://example.com/demo.git") };
    const one = await jsonOf(await writeProject(join(folder, "one"), yaml));
    const two = await jsonOf(await writeProject(join(folder, "two"), yaml));
    expect(two).toEqual(one);
  });

  test("has keys that change with a comment in a patch, and not with one in the series", async ({ folder }) => {
    const project = await writeProject(folder);
    const keyOf = async () => (await jsonOf(project)).jobs[0]?.key;
    const key = await keyOf();
    await writeFiles(project, { [`${demo}/series`]: "# In this order.\ngreet-world.patch\ngreet-all.patch\n" });
    expect(await keyOf()).toBe(key);
    await run(project, ["sed", "-i", "s/^Why\\.$/Because./", `${demo}/greet-all.patch`]);
    expect(await keyOf()).not.toBe(key);
  });

  test("takes the newest line, or the default of lines.yaml, or the given one", async ({ folder }) => {
    const project = await writeProject(folder, { "patches/1.2/demo/series": "", "patches/1.10/demo/series": "" });
    for (const line of ["1.2", "1.10"])
      await writeFiles(project, { [`patches/${line}/demo/source.yaml`]: sourceYaml("upstream") });
    expect((await jsonOf(project)).line).toBe("1.10");
    const lines = ['{ line: "1.0" }', '{ line: "1.2", standsFor: Kube-OVN 1.2, supportedUntil: 2020-01 }', '{ line: "1.10" }'];
    await writeFiles(project, { "patches/lines.yaml": `default: "1.2"\nlines: [${lines.join(", ")}]\n` });
    const { stdout, stderr } = await kovnBuild(project, ["plan", "--target", "linux"]);
    expect(stdout).toMatch(/^linux, line 1\.2 \(Kube-OVN 1\.2, supported until 2020-01\), variant default, /);
    expect(stderr).toContain("Line 1.2 is for Kube-OVN 1.2, which was supported until 2020-01.");
    expect((await jsonOf(project, "--line", "1.0")).line).toBe("1.0");
  });

  test("is one for each variant, also as the jobs of a workflow", async ({ folder }) => {
    const yaml = pipelineYaml("true").replace("flags: {", "flags: { legacy: { amd64: -O1 },");
    const project = await writeProject(folder, { "pipelines/test.yaml": yaml });
    const both = ["plan", "--target", "linux", "--arch", "amd64", "--variant", "legacy", "--variant", "default"];
    const { stdout } = await kovnBuild(project, both);
    expect(stdout.match(/^linux, .*$/gm)).toEqual([
      "linux, line 1.0, variant legacy, amd64: -O1",
      "linux, line 1.0, variant default, amd64: -O2",
    ]);
    const plans = JSON.parse((await kovnBuild(project, [...both, "--json"])).stdout) as readonly Plan[];
    expect(plans.map(({ variant }) => variant)).toEqual(["legacy", "default"]);
    expect(await kovnBuild(project, [...both, "--mermaid"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("A graph is of one variant."),
    });
    const { stdout: matrix } = await kovnBuild(project, [
      "plan",
      "--github-matrix",
      "--variant",
      "legacy",
      "--variant",
      "default",
    ]);
    const { linux } = JSON.parse(matrix) as Readonly<Record<string, { readonly include: readonly { readonly name: string }[] }>>;
    expect(linux?.include.map(({ name }) => name)).toEqual(["test-legacy-amd64", "test-default-amd64", "test-default-arm64"]);
  });

  test("runs in folders that it cannot write to", async ({ folder }) => {
    const project = await writeProject(folder);
    await run(project, ["chmod", "-R", "a-w", "."]);
    expect((await jsonOf(project)).jobs.length).toBe(1);
    await run(project, ["chmod", "-R", "u+w", "."]);
  });
});

describe("patches list", () => {
  const seed = [1, 2, 3, 4].map(
    (entry) =>
      `- { entry: ${entry}, source: demo, repository: kubeovn/demo, commit: "${String(entry).repeat(40)}", title: Change ${entry} }\n`,
  );
  const files = {
    "patches/seed.yaml": seed.join(""),
    [`${demo}/source.yaml`]: sourceYaml(
      "upstream",
      `merged: [{ seed: "2222222222", commit: "${"2".repeat(40)}", since: "1.0", effect: { file: greeting.txt, text: hello } }]
dropped: [{ seed: "4444444444", since: 1.0.1, why: nobody sets it }]\n`,
    ),
  };

  test("shows the status of each entry, and the whole series in its order", async ({ folder }) => {
    const project = await writeProject(folder, { ...files, ...packaging });
    await run(project, ["sed", "-i", "s/^Seed: none/Seed: 1111111111/", `${demo}/greet-all.patch`]);
    const result = await kovnBuild(project, ["patches", "list", "--json"]);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toBe(
      "patches/1.0/lock.json is missing, so nothing is checked against it. (kovn-build patches lock --line 1.0)",
    );
    const patch = { name: "greet-packages.patch", subject: "Greet packages", origin: "vendor" };
    expect(JSON.parse(result.stdout)).toMatchObject({
      line: "1.0",
      series: [
        {
          ...{ source: "demo", version: "1.2.3", revision: 1 },
          patches: [
            { name: "greet-world.patch", subject: "Greet the world", seed: "aaaaaaaaaa" },
            { name: "greet-all.patch", subject: "Greet all", seed: "1111111111", entry: 1 },
          ],
          packaging: { series: [{ ...patch, name: `packaging/${patch.name}` }] },
        },
      ],
      entries: [
        { entry: 1, seed: "1111111111", source: "demo", title: "Change 1", status: "patch", patches: ["greet-all.patch"] },
        { entry: 2, seed: "2222222222", status: "merged", patches: [] },
        { entry: 3, seed: "3333333333", status: "missing", patches: [] },
        { entry: 4, seed: "4444444444", status: "dropped", patches: [], since: "1.0.1", why: "nobody sets it" },
      ],
    });
    const text = await kovnBuild(project, ["patches", "list"]);
    expect(text.stdout).toBe(
      [
        "demo 1.2.3, revision 1",
        "  series",
        "    1  greet-world.patch   ? (aaaaaaaaaa)  Greet the world",
        "    2  greet-all.patch     1 (1111111111)  Greet all",
        "  packaging/series",
        "    1  packaging/greet-packages.patch                   Greet packages",
        "",
        "entries of the seed without a patch",
        "  merged   demo   2 (2222222222)  Change 2 (since 1.0)",
        "  missing  demo   3 (3333333333)  Change 3",
        "  dropped  demo   4 (4444444444)  Change 4 (since 1.0.1: nobody sets it)",
      ].join("\n"),
    );
  });

  test("cuts its rows to a narrow terminal", async ({ folder }) => {
    const project = await writeProject(folder, files);
    const command = `stty cols 30; node '${cli}' patches list`;
    const { stdout } = await run(project, ["script", "--quiet", "--return", "--command", command, "/dev/null"]);
    expect(stdout.split("\r\n")).toContain("    1  greet-world.patch   ?…");
  });

  test("names the problems of every source", async ({ folder }) => {
    const project = await writeProject(folder, { "patches/1.0/other/source.yaml": "", [`${demo}/series`]: "no.patch\n" });
    const { exitCode, stderr } = await kovnBuild(project, ["patches", "list"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("patches/1.0/demo/series:1:1: Patch `no.patch` is listed");
    expect(stderr).toContain("patches/1.0/other/source.yaml:1:1:");
  });
});
