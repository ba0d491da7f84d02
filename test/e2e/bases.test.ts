import { readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Manifest, Plan } from "../../src/index.ts";
import { answersVersion, makeApt } from "../helpers/apt.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import {
  demo,
  inGit,
  makeProject,
  makeUpstream,
  pin,
  pipelineYaml,
  sourceYaml,
  writeFiles,
  writeProject,
} from "../helpers/project.ts";
import { listen } from "../helpers/server.ts";

const build = ["--target", "linux"];
const jobOf = async (project: string) => {
  const manifest = JSON.parse(await readFile(join(project, "dist/linux/artifacts.json"), "utf8")) as Manifest;
  return manifest.jobs[0];
};
/** A project whose upstream is at `url` and whose alternate is apt's `demo-source`. */
const withAlternate = async (folder: string, url: string) => {
  const apt = await makeApt(folder);
  const project = await writeProject(folder, { [`${demo}/source.yaml`]: sourceYaml(url, apt.alternates) });
  return { project, env: { PATH: apt.path } };
};

describe("--from", () => {
  test("auto uses the upstream when it can be reached", async ({ folder }) => {
    await makeUpstream(join(folder, "upstream"));
    const { project, env } = await withAlternate(folder, join(folder, "upstream"));
    expect(await kovnBuild(project, build, env)).toMatchObject({ exitCode: 0 });
    expect(await jobOf(project)).toMatchObject({ base: { kind: "git" }, alternate: false, baseCommit: pin });
  });

  test("is named in nothing that is published", async ({ folder }) => {
    await makeUpstream(join(folder, "secret-place"));
    const project = await writeProject(folder, { [`${demo}/source.yaml`]: sourceYaml("https://example.com/demo.git") });
    const from = ["--from", `demo=${join(folder, "secret-place")}`, "--unlocked"];
    expect(await kovnBuild(project, [...build, ...from])).toMatchObject({ exitCode: 0 });
    const to = ["--to", "dir=out", "--to", "tar=out.tar"];
    expect(await kovnBuild(project, ["publish", "--allow-unlocked", "--allow-unverified", ...to])).toMatchObject({ exitCode: 0 });
    const made = Object.entries(await contentOf(project)).filter(([path]) => /^(dist|out)/.test(path));
    expect(made.length).toBeGreaterThan(5);
    for (const [path, text] of made) expect(text, path).not.toContain("secret-place");
  });

  test("auto uses the alternate when the upstream cannot be reached, and says so in three places", async ({ folder }) => {
    const { project, env } = await withAlternate(folder, join(folder, "nowhere"));
    const result = await kovnBuild(project, [...build, "--json"], env);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(await jobOf(project)).toMatchObject({
      base: { kind: "apt", package: "demo-source" },
      alternate: true,
      version: "1.2.3-1",
    });
    const events = result.stdout
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string; message?: string; jobs?: Plan["jobs"] });
    expect(events.filter((event) => event.event === "plan").map((event) => event.jobs?.[0]?.base.kind)).toEqual(["git", "apt"]);
    const plain = await kovnBuild(project, build, env);
    expect(plain.stderr).toContain("is built on an alternate: Debian's demo-source 1.2.3-1, not on the pinned commit.");
  });

  test("auto uses the upstream again as soon as it can be reached, and the cached result as long as it cannot", async ({
    folder,
  }) => {
    const { project, env } = await withAlternate(folder, join(folder, "upstream"));
    expect(await kovnBuild(project, build, env)).toMatchObject({ exitCode: 0 });
    expect((await kovnBuild(project, build, env)).stderr).toMatch(/^demo: cached result of/m);
    expect(await jobOf(project)).toMatchObject({ alternate: true });
    await makeUpstream(join(folder, "upstream"));
    const plan = JSON.parse((await kovnBuild(project, ["plan", ...build, "--json"], env)).stdout) as Plan;
    expect(plan.jobs[0]?.base.kind).toBe("git");
    expect(plan.jobs[0]?.otherBases).toMatchObject([{ kind: "apt" }]);
    expect(await kovnBuild(project, build, env)).toMatchObject({ exitCode: 0 });
    expect(await jobOf(project)).toMatchObject({ alternate: false, baseCommit: pin });
  });

  test("git uses no alternate, and fails when the upstream cannot be reached", async ({ folder }) => {
    const { project, env } = await withAlternate(folder, join(folder, "nowhere"));
    const result = await kovnBuild(project, [...build, "--from", "git"], env);
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toContain("Source `demo` cannot be reached.");
    expect(result.stderr).toContain("  -> --from demo=PATH_OR_URL");
  });

  test("a line that cannot be reached names what can be built: jobs of another line, which has an alternate", async ({
    folder,
  }) => {
    const { project, env } = await withAlternate(folder, join(folder, "nowhere"));
    const jobs = `${pipelineYaml("cp greeting.txt ../out/")}  other:\n    source: other\n    steps: [{ uses: shell, with: { script: "true" } }]\n    artifacts: ["*.txt"]\n`;
    const far = (name: string) => sourceYaml(join(folder, name));
    await writeFiles(project, {
      "pipelines/test.yaml": jobs,
      "patches/lines.yaml": `default: "1.1"\nlines: [{ line: "1.0" }, { line: "1.1" }]\n`,
      "patches/1.0/other/source.yaml": far("nowhere"),
      "patches/1.0/other/series": "",
      "patches/1.1/demo/source.yaml": far("nowhere"),
      "patches/1.1/demo/series": "",
      "patches/1.1/other/source.yaml": far("none"),
      "patches/1.1/other/series": "",
    });
    const result = await kovnBuild(project, build, env);
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toMatch(/Source `demo` cannot be reached\. [^]*\nSource `other` cannot be reached\. /);
    expect(result.stderr).toContain("  -> --from demo=PATH_OR_URL --from other=PATH_OR_URL, or --line 1.0 --only demo");
    const none = await kovnBuild(project, [...build, "--from", "git"], env);
    expect(none.stderr).toMatch(/ {2}-> --from demo=PATH_OR_URL --from other=PATH_OR_URL$/m);
    // A fresh container: apt has no lists yet, and packages are missing.
    await writeFiles(join(folder, "bare"), { "apt-cache": "#!/bin/sh\nexit 0\n" });
    await writeFiles(project, { "pipelines/test.yaml": jobs.replace("source: other", "source: other\n    packages: [no-such]") });
    const bare = await kovnBuild(project, build, { PATH: `${join(folder, "bare")}:${env.PATH}` });
    expect(bare).toMatchObject({ exitCode: 1 });
    expect(bare.stderr).toMatch(/Debian packages: not installed: no-such[^]*\nSource `demo` cannot be reached\. /);
    expect(bare.stderr).toContain("or --line 1.0 --only demo --install-deps; and kovn-build doctor --target linux, or as root ");
    await writeFiles(project, { "pipelines/test.yaml": jobs });
    expect(await kovnBuild(project, [...build, "--line", "1.0", "--only", "demo"], env)).toMatchObject({ exitCode: 0 });
  });

  test("apt uses the alternate although the upstream can be reached", async ({ folder }) => {
    await makeUpstream(join(folder, "upstream"));
    const { project, env } = await withAlternate(folder, join(folder, "upstream"));
    expect(await kovnBuild(project, [...build, "--from", "apt"], env)).toMatchObject({ exitCode: 0 });
    expect(await jobOf(project)).toMatchObject({ base: { kind: "apt" }, alternate: true });
  });

  test("apt is refused for a variant that has to be upstream's, and auto takes no alternate for it nor names one", async ({
    folder,
  }) => {
    const { project, env } = await withAlternate(folder, join(folder, "nowhere"));
    const pipeline = pipelineYaml("cp greeting.txt ../out/").replace("flags: {", "flags: { full: { amd64: -O2, arm64: -O2 },");
    await writeFiles(project, {
      "pipelines/test.yaml": `${pipeline}variants: { full: { pinned: { demo: the package lacks a half } } }\n`,
      "patches/lines.yaml": `default: "1.1"\nlines: [{ line: "1.0" }, { line: "1.1" }]\n`,
      "patches/1.1/demo/source.yaml": sourceYaml(join(folder, "nowhere")),
      "patches/1.1/demo/series": "",
    });
    const full = [...build, "--variant", "full", "--unlocked"];
    const before = await contentOf(project);
    const refused = await kovnBuild(project, [...full, "--line", "1.0", "--from", "apt"], env);
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stderr).toContain("Source `demo` has to be upstream's: the package lacks a half.");
    expect(refused.stderr).toContain(" -> leave out --from apt, or --from demo=PATH_OR_URL");
    expect(await contentOf(project)).toEqual(before);
    const far = await kovnBuild(project, [...full, "--line", "1.0"], env);
    expect(far).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("Source `demo` cannot be reached.") });
    const other = await kovnBuild(project, [...full, "--line", "1.1"], env);
    expect(other.stderr).toMatch(/ {2}-> --from demo=PATH_OR_URL$/m);
    const usual = await kovnBuild(project, [...build, "--line", "1.1", "--unlocked"], env);
    expect(usual.stderr).toContain(" -> --from demo=PATH_OR_URL, or --line 1.0");
  });

  test("SOURCE=PATH takes the pinned commit from there, and makes the same patched commit", async ({ folder }) => {
    const project = await makeProject(folder);
    await kovnBuild(project, build);
    const first = await jobOf(project);
    await inGit(folder, "clone", "--quiet", "--bare", "upstream", "clone.git");
    await rename(join(folder, "upstream"), join(folder, "away"));
    expect(await kovnBuild(project, [...build, "--from", "demo=../clone.git"])).toMatchObject({ exitCode: 0 });
    const second = await jobOf(project);
    expect(second).toMatchObject({
      base: { url: join(folder, "upstream") },
      patchedCommit: first?.patchedCommit,
      key: first?.key,
    });
  });

  test("SOURCE=URL accepts a file URL", async ({ folder }) => {
    const project = await makeProject(folder);
    await rename(join(folder, "upstream"), join(folder, "away"));
    expect(await kovnBuild(project, [...build, "--from", `demo=file://${folder}/away`])).toMatchObject({ exitCode: 0 });
  });
});

describe("an alternate", () => {
  test("is downloaded once, with every file of its package, ignored ones too", async ({ folder }) => {
    const { project, env } = await withAlternate(folder, join(folder, "nowhere"));
    expect(await kovnBuild(project, ["patches", "apply", "demo", "tree", "--from", "apt"], env)).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(project, "tree/greeting.txt"), "utf8")).toBe("hello all worlds\n");
    expect(await readdir(join(project, "tree"))).toEqual(expect.arrayContaining([".gitignore", "debian", "numbers.txt", "way"]));
    await writeFiles(join(folder, "bin"), { "apt-get": `${answersVersion}exit 9\n`, "apt-cache": "#!/bin/sh\nexit 9\n" });
    expect(await kovnBuild(project, [...build, "--from", "apt"], env)).toMatchObject({ exitCode: 0 });
  });

  test("has the same commit on every machine", async ({ folder }) => {
    const { project, env } = await withAlternate(folder, join(folder, "nowhere"));
    const commits = [];
    for (const [name, more] of Object.entries({ one: { TZ: "Asia/Tokyo" }, two: { LC_ALL: "C", TZ: "UTC" } })) {
      await rename(project, join(folder, name));
      commits.push(
        (
          await kovnBuild(join(folder, name), ["patches", "apply", "demo", "tree", "--from", "apt"], { ...env, ...more })
        ).stdout.split(" ")[0],
      );
      await rename(join(folder, name), project);
      await rename(join(project, ".kovn"), join(folder, `work-of-${name}`));
      await rename(join(project, "tree"), join(folder, `tree-of-${name}`));
    }
    expect(commits[0]).toMatch(/^[0-9a-f]{40}$/);
    expect(commits[1]).toBe(commits[0]);
  });
});

describe.concurrent("an upstream that accepts connections and never answers", () => {
  // Each of these takes most of the 20 seconds, all of it asleep.
  const schemes = ["http", "git", "ssh"];

  test.for(schemes)(
    "is noticed within 20 seconds over %s, before anything is built",
    { timeout: 40_000 },
    async (scheme, { folder }) => {
      const server = await listen(() => undefined);
      try {
        const project = await writeProject(folder);
        const before = await contentOf(project);
        const started = performance.now();
        const result = await kovnBuild(project, [...build, "--from", `demo=${scheme}://127.0.0.1:${server.port}/demo.git`]);
        expect(performance.now() - started).toBeLessThan(20_000);
        expect(result).toMatchObject({ exitCode: 1 });
        expect(result.stderr).toMatch(
          /Source `demo` cannot be reached\. .*127\.0\.0\.1.* (did not finish within 12 s|cannot be read)/,
        );
        expect(result.stderr).not.toContain("demo: started");
        await rm(join(project, ".kovn/runs"), { recursive: true });
        expect(await contentOf(project)).toEqual({ ...before, ".kovn": "folder" });
      } finally {
        await server.close();
      }
    },
  );

  test("is replaced by the alternate within 20 seconds", { timeout: 60_000 }, async ({ folder }) => {
    const server = await listen(() => undefined);
    try {
      const { project, env } = await withAlternate(folder, `http://127.0.0.1:${server.port}/demo.git`);
      const result = await kovnBuild(project, build, env);
      expect(result).toMatchObject({ exitCode: 0 });
      expect(result.stderr).toMatch(/notice: .*127\.0\.0\.1.* is taken from Debian's demo-source 1\.2\.3-1 instead\./);
    } finally {
      await server.close();
    }
  });
});
