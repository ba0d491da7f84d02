import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Manifest, Plan } from "../../src/index.ts";
import { readDistribution } from "../../src/machine/distribution.ts";
import { makeApt } from "../helpers/apt.ts";
import { cli, kovnBuild, run } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { canMount, onOtherFile } from "../helpers/isolate.ts";
import { changeJobs } from "../helpers/jobs.ts";
import { demo, mail, makeProject, packaging, pipelineYaml, replaceLine, sourceYaml, writeFiles } from "../helpers/project.ts";

const build = ["--target", "linux"];
const patch = `${demo}/packaging/greet-packages.patch`;
/** The packaging patch with another greeting. */
const greets = (greeting: string) => ({
  [patch]: mail("Greet packages", replaceLine("greeting.txt", "hello all worlds", greeting)),
});
const jobsOf = async (project: string) =>
  (JSON.parse(await readFile(join(project, "dist/linux/artifacts.json"), "utf8")) as Manifest).jobs;
const lockOf = async (project: string) => {
  const lock = JSON.parse(await readFile(join(project, "patches/1.0/lock.json"), "utf8")) as {
    sources: {
      demo: {
        packaging: object;
        bases: Record<string, { commit: string; packaged: { series: string; commit: string; tree: string } }>;
      };
    };
  };
  return { lock, base: Object.values(lock.sources.demo.bases)[0] };
};

describe("packaging patches", () => {
  test("are on top of the series for jobs that make packages, and for no other", async ({ folder }) => {
    const other = pipelineYaml("cp greeting.txt ../out/plain.txt").replace(/[^]*jobs:\n {2}demo:/, "  plain:");
    const yaml = `${packaging["pipelines/test.yaml"]}${other}`;
    const project = await makeProject(folder, { ...packaging, "pipelines/test.yaml": yaml });
    expect(await kovnBuild(project, build)).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(project, "dist/linux/greeting.txt"), "utf8")).toBe("hello packages\n");
    expect(await readFile(join(project, "dist/linux/plain.txt"), "utf8")).toBe("hello all worlds\n");
    const [first, second] = await jobsOf(project);
    expect([first?.distribution, second?.distribution]).toEqual([readDistribution(), undefined]);
    expect(first).toMatchObject({
      series: [{ name: "greet-world.patch" }, { name: "greet-all.patch" }],
      packaging: [
        { name: "packaging/greet-packages.patch", subject: "Greet packages", patchId: expect.stringMatching(/^[0-9a-f]{40}$/) },
      ],
      packaged: { commit: expect.stringMatching(/^[0-9a-f]{40}$/), tree: expect.stringMatching(/^[0-9a-f]{40}$/) },
    });
    expect(second).not.toHaveProperty("packaging");
    expect(second).not.toHaveProperty("packaged");
    expect(second?.patchedCommit).toBe(first?.patchedCommit);
    expect(first?.packaged?.commit).not.toBe(first?.patchedCommit);
  });

  test.skipIf(!canMount)("are for a distribution that is not known, with a notice (needs root)", async ({ folder }) => {
    const project = await makeProject(folder, packaging);
    await writeFiles(folder, { "os-release": "ID=demos\nVERSION_ID=3\n" });
    const onDemos = onOtherFile("/etc/os-release", join(folder, "os-release"));
    const result = await run(project, [...onDemos, process.execPath, cli, ...build]);
    expect(result).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/^notice: This machine has demos 3, which is none of /m),
    });
    expect(await jobsOf(project)).toMatchObject([{ distribution: "demos 3" }]);
    await changeJobs(project, { demo: {} });
    const plain = await run(project, [...onDemos, process.execPath, cli, ...build, "--unlocked"]);
    expect(plain).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining("demos") });
  });

  test("change no date: that of the series' last patch stays", async ({ folder }) => {
    const script = "echo $SOURCE_DATE_EPOCH $(stat --format=%Y greeting.txt) > ../out/dates.txt";
    const yaml = pipelineYaml(script).concat("    packaging: true\n");
    const project = await makeProject(folder, { ...packaging, "pipelines/test.yaml": yaml });
    expect(await kovnBuild(project, build)).toMatchObject({ exitCode: 0 });
    const date = Date.parse("2026-11-22T09:00:00Z") / 1000;
    expect(await readFile(join(project, "dist/linux/dates.txt"), "utf8")).toBe(`${date} ${date}\n`);
  });

  test("are not in trees of `patches apply`, and `patches export` leaves them alone", async ({ folder }) => {
    const project = await makeProject(folder, packaging);
    const before = await contentOf(join(project, demo));
    expect(await kovnBuild(project, ["patches", "apply", "demo", "tree"])).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(project, "tree/greeting.txt"), "utf8")).toBe("hello all worlds\n");
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result).toMatchObject({ exitCode: 0, stdout: "2 of 2 patches unchanged" });
    expect(await contentOf(join(project, demo))).toEqual(before);
  });

  test("that changed have the job built again, with another version, and `cache why` says so", async ({ folder }) => {
    const project = await makeProject(folder, packaging);
    const suffix = async () =>
      (JSON.parse((await kovnBuild(project, ["plan", ...build, "--json"])).stdout) as Plan).jobs[0]?.versionSuffix;
    const before = await suffix();
    await kovnBuild(project, build);
    await writeFiles(project, greets("hello again"));
    expect(await suffix()).not.toBe(before);
    const why = await kovnBuild(project, ["cache", "why", ...build]);
    expect(why.stdout).toContain("patch packaging/greet-packages.patch: changed");
    expect(await kovnBuild(project, build)).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(project, "dist/linux/greeting.txt"), "utf8")).toBe("hello again\n");
  });

  test("that do not apply are named with how to go on", async ({ folder }) => {
    const project = await makeProject(folder, {
      ...packaging,
      [patch]: mail("Greet packages", replaceLine("greeting.txt", "hello", "hello packages")),
    });
    for (const command of [build, ["patches", "lock"]]) {
      const result = await kovnBuild(project, command);
      expect(result).toMatchObject({ exitCode: 1 });
      expect(result.stderr).toContain("Patch `packaging/greet-packages.patch` (3 of 3 of `demo`) does not apply:");
      expect(result.stderr).toContain("conflicts with earlier patch `greet-world.patch`");
      expect(result.stderr).toContain(
        `patches apply demo DIR --line 1.0, then in DIR: git am --3way --keep-non-patch ${join(project, patch)}`,
      );
    }
    const check = await kovnBuild(project, ["patches", "check"]);
    expect(check.stdout).toMatch(/^failed .* applies to .*packaging\/greet-packages\.patch/m);
  });

  test("of an alternate are those of the series that it names", async ({ folder }) => {
    const apt = await makeApt(folder);
    const alternates = apt.alternates.replace(" }", ", packaging: debian.series }");
    const project = await makeProject(folder, {
      ...packaging,
      [`${demo}/source.yaml`]: sourceYaml(join(folder, "upstream"), alternates),
      [`${demo}/packaging/debian.series`]: "greet-packages.patch\ngreet-debian.patch\n",
      [`${demo}/packaging/greet-debian.patch`]: mail(
        "Greet Debian",
        replaceLine("greeting.txt", "hello packages", "hello Debian"),
      ),
    });
    const greeting = async (from: string) => {
      expect(await kovnBuild(project, [...build, "--from", from], { PATH: apt.path })).toMatchObject({ exitCode: 0 });
      return readFile(join(project, "dist/linux/greeting.txt"), "utf8");
    };
    expect(await greeting("git")).toBe("hello packages\n");
    expect(await greeting("apt")).toBe("hello Debian\n");
    expect(await kovnBuild(project, ["patches", "lock"], { PATH: apt.path })).toMatchObject({ exitCode: 0 });
    const { lock } = await lockOf(project);
    expect(lock.sources.demo.packaging).toMatchObject({
      series: [{ name: "packaging/greet-packages.patch" }],
      "debian.series": [{ name: "packaging/greet-packages.patch" }, { name: "packaging/greet-debian.patch" }],
    });
    expect(Object.entries(lock.sources.demo.bases).map(([id, { packaged }]) => [id.slice(0, 3), packaged.series])).toEqual([
      ["apt", "debian.series"],
      ["git", "series"],
    ]);
    expect(await greeting("apt")).toBe("hello Debian\n");
    expect((await jobsOf(project))[0]?.locked).toBe(true);
    const others = alternates.replace(/^.*\n/, "").replace(/[0-9a-f]{64}/, "a".repeat(64));
    await writeFiles(project, { [`${demo}/source.yaml`]: sourceYaml(join(folder, "upstream"), apt.alternates + others) });
    const refused = await kovnBuild(project, build, { PATH: apt.path });
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stderr).toContain("is `packaging/series`, but the lock has `packaging/debian.series`.");
  });
});

describe("a lock of packaging patches", () => {
  test("holds the commit with and without them, and `patches check` compares both", async ({ folder }) => {
    const project = await makeProject(folder, packaging);
    expect(await kovnBuild(project, ["patches", "lock"])).toMatchObject({ exitCode: 0 });
    expect(await kovnBuild(project, build)).toMatchObject({ exitCode: 0 });
    const { lock, base } = await lockOf(project);
    const [job] = await jobsOf(project);
    const { series, ...packaged } = base?.packaged ?? {};
    expect(series).toBe("series");
    expect(job).toMatchObject({ locked: true, patchedCommit: base?.commit, packaged });
    expect((await kovnBuild(project, ["patches", "check"])).exitCode).toBe(0);
    if (base !== undefined) base.packaged.commit = "b".repeat(40);
    await writeFile(join(project, "patches/1.0/lock.json"), JSON.stringify(lock));
    const check = await kovnBuild(project, ["patches", "check"]);
    expect(check).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(`with packaging ${"b".repeat(40)}`) });
    const refused = await kovnBuild(project, build);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toContain(`is ${job?.packaged?.commit}; expected ${"b".repeat(40)} (lock.json).`);
  });

  test("refuses others, and is renewed only with a higher revision", async ({ folder }) => {
    const project = await makeProject(folder, packaging);
    await kovnBuild(project, ["patches", "lock"]);
    await writeFiles(project, greets("hello again"));
    const refused = await kovnBuild(project, build);
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stderr).toContain("Patch `packaging/greet-packages.patch` was changed since the lock.");
    expect((await kovnBuild(project, ["patches", "lock"])).stderr).toContain("set `revision: 2`");
    expect(await kovnBuild(project, [...build, "--unlocked"])).toMatchObject({ exitCode: 0 });
  });

  test("is missing where there was none before", async ({ folder }) => {
    const project = await makeProject(folder);
    await kovnBuild(project, ["patches", "lock"]);
    await writeFiles(project, packaging);
    const refused = await kovnBuild(project, build);
    expect(refused.stderr).toContain("Patch `packaging/greet-packages.patch` was added since the lock.");
  });
});
