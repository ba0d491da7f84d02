import { mkdir, readFile, readdir, realpath, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Manifest, Plan, RunEvent } from "../../src/index.ts";
import { kovnBuild, run, spawnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { makeDist } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import { makeProject, pin, pipelineYaml } from "../helpers/project.ts";

const patchedCommit = "27d8a9ae98b367a69803edc50d0de6e3efc0b932";
const build = ["--target", "linux"];
const manifestOf = async (project: string) =>
  JSON.parse(await readFile(join(project, "dist/linux/artifacts.json"), "utf8")) as Manifest;
const withScript = (script: string, artifacts?: string) => ({ "pipelines/test.yaml": pipelineYaml(script, artifacts) });

describe("a build", () => {
  test("leaves exactly its artifacts in dist, with correct checksums and a manifest of how they were built", async ({
    folder,
  }) => {
    const project = await makeProject(folder);
    await makeDist(join(project, "dist"), { others: ["of-the-last-build.txt"] });
    const result = await kovnBuild(project, build);
    expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("dist/linux/greeting.txt") });
    const dist = join(project, "dist/linux");
    expect(await readdir(dist)).toEqual(["SHA256SUMS", "artifacts.json", "greeting.txt"]);
    expect(await readdir(join(project, "dist"))).toEqual(["linux"]);
    expect(await readFile(join(dist, "greeting.txt"), "utf8")).toBe("hello all worlds\n");
    expect(await run(dist, ["sha256sum", "--check", "--strict", "SHA256SUMS"])).toMatchObject({ exitCode: 0 });
    const manifest = await manifestOf(project);
    expect(manifest.artifacts).toMatchObject([{ file: "greeting.txt", size: 17, job: "demo" }]);
    expect(manifest.jobs).toMatchObject([
      {
        id: "demo",
        base: { kind: "git", url: join(folder, "upstream"), commit: pin },
        baseCommit: pin,
        alternate: false,
        patchedCommit,
        series: [
          { name: "greet-world.patch", seed: "aaaaaaaaaa", patchId: expect.stringMatching(/^[0-9a-f]{40}$/) },
          { name: "greet-all.patch", seed: "none", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        ],
      },
    ]);
  });

  test("of another variant has its own folder, flags and steps", async ({ folder }) => {
    const script = 'echo "$KOVN_FLAGS $by" > ../out/greeting.txt';
    const pipeline = pipelineYaml(script)
      .replace("flags: {", "flags: { legacy: { amd64: -O1, arm64: -O1 },")
      .replace(
        "        with:",
        "        variants: { legacy: { env: { by: legacy } } }\n        with:\n          env: { by: default }",
      );
    const project = await makeProject(folder, { "pipelines/test.yaml": pipeline });
    const both = [...build, "--variant", "legacy", "--variant", "default", "--variant", "legacy"];
    expect(await kovnBuild(project, [...both, "--variant", "none"])).toMatchObject({ exitCode: 2 });
    expect(await readdir(project)).toEqual(["patches", "pipelines"]);
    expect(await kovnBuild(project, both)).toMatchObject({ exitCode: 0 });
    expect(await readdir(join(project, "dist"))).toEqual(["linux", "linux-legacy"]);
    expect(await readdir(join(project, ".kovn/runs"))).toHaveLength(2);
    const textOf = async (name: string) => readFile(join(project, "dist", name, "greeting.txt"), "utf8");
    expect([await textOf("linux"), await textOf("linux-legacy")]).toEqual(["-O2 default\n", "-O1 legacy\n"]);
  });

  test("of several variants goes on after a failure with --keep-going only", async ({ folder }) => {
    const pipeline = pipelineYaml('[ "$KOVN_FLAGS" = -O2 ] && cp greeting.txt ../out/').replace(
      "flags: {",
      "flags: { legacy: { amd64: -O1, arm64: -O1 },",
    );
    const project = await makeProject(folder, { "pipelines/test.yaml": pipeline });
    const both = [...build, "--variant", "legacy", "--variant", "default"];
    expect(await kovnBuild(project, both)).toMatchObject({ exitCode: 1 });
    expect(await readdir(project)).not.toContain("dist");
    expect(await kovnBuild(project, [...both, "--keep-going"])).toMatchObject({ exitCode: 1 });
    expect(await readdir(join(project, "dist"))).toEqual(["linux"]);
  });

  test("runs again without the upstream", async ({ folder }) => {
    const project = await makeProject(folder);
    expect(await kovnBuild(project, build)).toMatchObject({ exitCode: 0 });
    await rename(join(folder, "upstream"), join(folder, "away"));
    expect(await kovnBuild(project, build)).toMatchObject({ exitCode: 0 });
    expect((await manifestOf(project)).jobs[0]?.patchedCommit).toBe(patchedCommit);
  });

  test("hides the user's environment from its programs, and makes files that everybody can read", async ({ folder }) => {
    const project = await makeProject(
      folder,
      withScript("env | sort > ../out/env.txt; umask > ../out/umask.txt; ls -A > ../out/files.txt"),
    );
    const result = await run(
      project,
      ["sh", "-c", `umask 077; exec "$@"`, "sh", process.execPath, join(process.cwd(), "build/cli.js"), ...build],
      {
        SECRET: "of the user",
        LC_ALL: "tr_TR.UTF-8",
        TZ: "Asia/Tokyo",
        CFLAGS: "-O0",
        GIT_DIR: "/nowhere",
        PERL5LIB: "/nowhere",
      },
    );
    expect(result).toMatchObject({ exitCode: 0 });
    const lines = (await readFile(join(project, "dist/linux/env.txt"), "utf8")).trim().split("\n");
    const env = Object.fromEntries(lines.map((line) => line.split("=", 2) as [string, string]));
    expect(env).toMatchObject({
      LC_ALL: "C.UTF-8",
      TZ: "UTC",
      SOURCE_DATE_EPOCH: String(Date.parse("2026-11-22T09:00:00Z") / 1000),
      HOME: expect.stringContaining("/.kovn/runs/"),
    });
    for (const name of ["SECRET", "CFLAGS", "GIT_DIR", "PERL5LIB"]) expect(env).not.toHaveProperty(name);
    expect(await readFile(join(project, "dist/linux/umask.txt"), "utf8")).toBe("0022\n");
    expect(await readFile(join(project, "dist/linux/files.txt"), "utf8")).toBe("greeting.txt\nlib\nnumbers.txt\nway\n");
  });

  test.runIf(process.platform === "linux")(
    "leaves no secret where a step finds it: in its parents' environments",
    async ({ folder }) => {
      const climb = 'p=$$; while [ "$p" -gt 1 ]; do cat /proc/$p/environ; read -r _ _ _ p _ < /proc/$p/stat; done';
      const project = await makeProject(folder, withScript(`{ ${climb}; } > ../out/seen.txt 2> /dev/null`));
      const secrets = { GITHUB_TOKEN: "ghs_value-of-token", DB_PASS: "s3cret", UPSTREAM: "https://me:value-of-url@example.com" };
      expect(await spawnBuild(project, build, { ...secrets, MARK: "not-a-secret" })).toMatchObject({ exitCode: 0 });
      const seen = await readFile(join(project, "dist/linux/seen.txt"), "latin1");
      expect(seen).toContain("MARK=not-a-secret");
      expect(seen).toContain(`GITHUB_TOKEN=${"*".repeat(secrets.GITHUB_TOKEN.length)}`);
      for (const secret of ["value-of-token", "s3cret", "value-of-url"]) expect(seen).not.toContain(secret);
    },
  );

  test("finds patches and pipelines in a folder above, where its work is too; --out is from the current one", async ({
    folder,
  }) => {
    const project = await makeProject(folder);
    const below = join(project, "some/where");
    await mkdir(below, { recursive: true });
    expect(await kovnBuild(below, [...build, "--out", "results"])).toMatchObject({ exitCode: 0 });
    expect(await readdir(below)).toEqual(["results"]);
    expect(await readdir(join(below, "results/linux"))).toContain("greeting.txt");
  });

  test("builds jobs in parallel, each after those that it needs, and only the requested ones", async ({ folder }) => {
    const job = (needs: string, script: string, file: string) =>
      `    source: demo\n    needs: [${needs}]\n    steps: [{ uses: shell, with: { script: '${script}' } }]\n    artifacts: [${file}]\n`;
    const jobs = `  last:\n${job("first", "cp ../../first/out/one.txt ../out/two.txt", "two.txt")}  first:\n${job("", "echo 1 > ../out/one.txt", "one.txt")}`;
    const project = await makeProject(folder, {
      "pipelines/test.yaml": `name: test\ntarget: linux\nflags: { default: { amd64: -O2, arm64: -O2 } }\njobs:\n${jobs}`,
    });
    expect(await kovnBuild(project, [...build, "--jobs", "4"])).toMatchObject({ exitCode: 0 });
    expect((await manifestOf(project)).jobs.map((one) => one.id)).toEqual(["first", "last"]);
    expect(await kovnBuild(project, [...build, "--only", "first"])).toMatchObject({ exitCode: 0 });
    expect(await readdir(join(project, "dist/linux"))).toEqual(["SHA256SUMS", "artifacts.json", "one.txt"]);
  });
});

describe("--json", () => {
  const eventsOf = (stdout: string) => stdout.split("\n").map((line) => JSON.parse(line) as RunEvent);

  test("prints one event per line and nothing else, from the plan to the end", async ({ folder }) => {
    const project = await makeProject(folder);
    const result = await kovnBuild(project, [...build, "--unlocked", "--json"]);
    const events = eventsOf(result.stdout);
    expect(events.map(({ event }) => event).filter((event) => !event.startsWith("task-"))).toEqual([
      "run",
      "plan",
      "base",
      "jobs",
      "job-start",
      "step-start",
      "job-end",
      "done",
    ]);
    expect(result.stderr).toBe("");
    const plan = JSON.parse((await kovnBuild(project, ["plan", ...build, "--unlocked", "--json"])).stdout) as Plan;
    expect(events[1]).toEqual({ event: "plan", ...plan, time: expect.any(Number) });
    expect(events.at(-1)).toMatchObject({
      folder: await realpath(join(project, "dist/linux")),
      artifacts: [{ file: "greeting.txt" }],
    });
  });

  test("includes the output of jobs only with --verbose", async ({ folder }) => {
    const project = await makeProject(folder, withScript("echo to stdout; echo to stderr >&2; cp greeting.txt ../out/"));
    const output = async (...more: string[]) => {
      const events = eventsOf((await kovnBuild(project, [...build, "--no-cache", "--json", ...more])).stdout);
      return events.flatMap((event) => (event.event === "output" ? [event.line] : []));
    };
    expect(await output()).toEqual([]);
    expect(await output("--verbose")).toEqual(expect.arrayContaining(["to stdout", "to stderr"]));
  });

  test("ends a failed run with `failed`, and gives the last lines of the log in `job-end`", async ({ folder }) => {
    const project = await makeProject(folder, withScript("echo before; exit 3"));
    const result = await kovnBuild(project, [...build, "--json"]);
    expect(result.exitCode).toBe(1);
    const events = eventsOf(result.stdout);
    expect(events.at(-1)).toMatchObject({ event: "failed", code: "build", message: expect.stringContaining("exit code 3") });
    expect(events.find(({ event }) => event === "job-end")).toMatchObject({
      outcome: "failed",
      tail: expect.arrayContaining(["before"]),
    });
    expect(result.stderr).toContain("exit code 3");
  });
});

describe("a job that fails", () => {
  test("shows its last 30 lines, the path of the whole log and what to type next, and leaves dist unchanged", async ({
    folder,
  }) => {
    const project = await makeProject(folder);
    await kovnBuild(project, build);
    const before = await contentOf(join(project, "dist"));
    await writeFile(join(project, "pipelines/test.yaml"), pipelineYaml("seq 1 100; echo half > ../out/half.txt; false"));
    const result = await kovnBuild(project, build);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/^demo\| 71\n(?:demo\| \d+\n){28}demo\| 100$/m);
    expect(result.stderr).not.toContain("demo| 70\n");
    const [, log = ""] = /The whole output is in (.+)$/m.exec(result.stderr) ?? [];
    expect((await readFile(log, "utf8")).split("\n")).toEqual(expect.arrayContaining(["1", "70", "100"]));
    expect(result.stderr).toContain(`  -> less +G ${log}`);
    expect(await contentOf(join(project, "dist"))).toEqual(before);
  });

  test("because no file matches its artifacts names the pattern", async ({ folder }) => {
    const project = await makeProject(folder, withScript("true", "*.deb"));
    const result = await kovnBuild(project, build);
    expect(result).toMatchObject({ exitCode: 1, stdout: "" });
    expect(result.stderr).toContain("Job `demo` made no file that matches `*.deb`.");
    expect(await readdir(project)).not.toContain("dist");
  });

  test("because a patch does not apply leaves no half-patched source", async ({ folder }) => {
    const project = await makeProject(folder, { "patches/1.0/demo/series": "greet-all.patch\ngreet-world.patch\n" });
    const result = await kovnBuild(project, build);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("Patch `greet-all.patch` (1 of 2 of `demo`) does not apply");
    const left = Object.keys(await contentOf(join(project, ".kovn/runs"))).map((path) => path.split("/").slice(2).join("/"));
    expect(left.filter((path) => path.startsWith("src"))).toEqual([]);
  });

  test("stops the jobs that need it from starting", async ({ folder }) => {
    const job = (needs: string, script: string) =>
      `    source: demo\n    needs: [${needs}]\n    steps: [{ uses: shell, with: { script: '${script}' } }]\n    artifacts: ['*']\n`;
    const project = await makeProject(folder, {
      "pipelines/test.yaml": `name: test\ntarget: linux\nflags: { default: { amd64: -O2, arm64: -O2 } }\njobs:\n  first:\n${job("", "exit 1")}  last:\n${job("first", "true")}`,
    });
    const result = await kovnBuild(project, build);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("first: failed");
    expect(result.stderr).not.toContain("last: started");
  });
});
