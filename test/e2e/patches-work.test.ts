import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { kovnBuild, run } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { demo, mail, makeProject, newFile, pin, replaceLine, writeFiles } from "../helpers/project.ts";

describe("patches lock", () => {
  test("writes a lock that check and build accept", async ({ folder }) => {
    const project = await makeProject(folder);
    expect(await kovnBuild(project, ["patches", "lock"])).toMatchObject({ exitCode: 0 });
    const check = await kovnBuild(project, ["patches", "check"]);
    expect(check.stdout).toContain("ok       1.0  demo  lock: the series matches the lock");
    expect(check.exitCode).toBe(0);
    expect(await kovnBuild(project, ["--target", "linux"])).toMatchObject({ exitCode: 0 });
    const manifest = JSON.parse(await readFile(join(project, "dist/linux/artifacts.json"), "utf8")) as {
      jobs: { locked: boolean }[];
    };
    expect(manifest.jobs[0]?.locked).toBe(true);
  });

  test("refuses to build a changed series and names the change; --unlocked builds it", async ({ folder }) => {
    const project = await makeProject(folder);
    await kovnBuild(project, ["patches", "lock"]);
    await writeFile(
      join(project, demo, "greet-all.patch"),
      mail("Greet all", replaceLine("greeting.txt", "hello world", "hello everybody")),
    );
    const refused = await kovnBuild(project, ["--target", "linux"]);
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stderr).toContain("Patch `greet-all.patch` was changed since the lock.");
    expect(await kovnBuild(project, ["--target", "linux", "--unlocked"])).toMatchObject({ exitCode: 0 });
    const manifest = JSON.parse(await readFile(join(project, "dist/linux/artifacts.json"), "utf8")) as {
      jobs: { locked: boolean }[];
    };
    expect(manifest.jobs[0]?.locked).toBe(false);
  });

  test("locks a changed series only with a higher revision", async ({ folder }) => {
    const project = await makeProject(folder);
    await kovnBuild(project, ["patches", "lock"]);
    await writeFile(join(project, demo, "series"), "greet-world.patch\n");
    await rename(join(project, demo, "greet-all.patch"), join(project, "away"));
    const refused = await kovnBuild(project, ["patches", "lock"]);
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stderr).toContain("set `revision: 2`");
    const yaml = join(project, demo, "source.yaml");
    await writeFile(yaml, (await readFile(yaml, "utf8")).replace("revision: 1", "revision: 2"));
    expect(await kovnBuild(project, ["patches", "lock"])).toMatchObject({ exitCode: 0 });
  });

  test("stops a build whose patched commit is not the locked one", async ({ folder }) => {
    const project = await makeProject(folder);
    await kovnBuild(project, ["patches", "lock"]);
    const path = join(project, "patches/1.0/lock.json");
    const lock = JSON.parse(await readFile(path, "utf8")) as { sources: { demo: { bases: Record<string, { commit: string }> } } };
    for (const base of Object.values(lock.sources.demo.bases)) base.commit = "b".repeat(40);
    await writeFile(path, JSON.stringify(lock));
    const result = await kovnBuild(project, ["--target", "linux"]);
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toContain(`expected ${"b".repeat(40)} (lock.json)`);
  });
});

describe("patches check", () => {
  test("finds what is wrong in every line and source, whatever is wrong with the others", async ({ folder }) => {
    const project = await makeProject(folder);
    await run(project, ["cp", "-r", "patches/1.0", "patches/1.1"]);
    await kovnBuild(project, ["patches", "lock", "--line", "1.1"]);
    await run(project, ["cp", "-r", "patches/1.1", "patches/1.2"]);
    await run(project, ["cp", "-r", "patches/1.2/demo", "patches/1.2/other"]);
    const yaml = await readFile(join(project, demo, "source.yaml"), "utf8");
    await writeFiles(project, {
      "patches/1.2/lock.json": "{",
      "patches/1.2/other/source.yaml": yaml.replace("1.2.3", "22.12"),
      "patches/1.2/other/series": "greet-world.patch\nno.patch\n",
      "patches/1.2/other/greet-world.patch": mail("Greet", replaceLine("greeting.txt", "hello", "hi"), { Date: "no" }),
    });
    await writeFiles(project, { "patches/lines.yaml": `default: "1.2"\nlines: [{ line: "1.0" }, { line: "1.2" }]\n` });
    const result = await kovnBuild(project, ["patches", "check"]);
    expect(result).toMatchObject({ exitCode: 2 });
    const applies = `demo  applies to ${folder}/upstream at ${pin.slice(0, 12)}: commit`;
    const rows = [
      "failed   all  all  files: patches/lines.yaml:2:8: `lines`: folder patches/1.1 is not listed.",
      "failed   1.0  all  lock: patches/1.0/lock.json is missing, so nothing is checked against it. (kovn-build patches lock --line 1.0)",
      "ok       1.0  all  seed: ",
      "ok       1.0  demo  series: ",
      `ok       1.0  ${applies}`,
      "ok       1.1  all  seed: ",
      "ok       1.1  demo  lock: ",
      "ok       1.1  demo  series: ",
      `ok       1.1  ${applies}`,
      "failed   1.2  all  files: patches/1.2/lock.json:1:2: ",
      "failed   1.2  other  files: patches/1.2/other/source.yaml:4:10: `version`: `22.12` is the number 22.12 in YAML",
      "failed   1.2  other  files: patches/1.2/other/series:2:1: Patch `no.patch` is listed, but",
      "failed   1.2  other  files: patches/1.2/other/greet-all.patch:1:1: This patch is not listed",
      "failed   1.2  other  files: patches/1.2/other/greet-world.patch:3:1: ",
      "ok       1.2  demo  series: ",
      `ok       1.2  ${applies}`,
    ];
    expect(result.stdout.split("\n")).toEqual(rows.map((row) => expect.stringContaining(row)));
    expect(result.stderr).toContain("7 of 16 checks failed.");
    const json = await kovnBuild(project, ["patches", "check", "--json"]);
    expect(json).toMatchObject({ exitCode: 2 });
    const { findings } = JSON.parse(json.stdout) as { findings: { at?: readonly { file: string }[] }[] };
    expect(findings[10]?.at).toMatchObject([{ file: "patches/1.2/other/source.yaml", line: 4 }]);
  });

  test("checks one line with --line", async ({ folder }) => {
    const project = await makeProject(folder, { "patches/1.1/demo/source.yaml": "" });
    await kovnBuild(project, ["patches", "lock", "--line", "1.0"]);
    const { exitCode, stdout } = await kovnBuild(project, ["patches", "check", "--line", "1.0"]);
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain("  1.1  ");
    expect(await kovnBuild(project, ["patches", "check", "--line", "1.1"])).toMatchObject({ exitCode: 2 });
  });

  test("fails for a seed entry without a patch, and names it", async ({ folder }) => {
    const entry = `- { entry: 7, source: demo, repository: kubeovn/demo, commit: ${"c".repeat(40)}, title: Something else }\n`;
    const project = await makeProject(folder, { "patches/seed.yaml": entry });
    await kovnBuild(project, ["patches", "lock"]);
    const result = await kovnBuild(project, ["patches", "check"]);
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stdout).toContain(`entries without a patch: 7 (${"c".repeat(10)})`);
  });

  test("reports a base that is unavailable as skipped", async ({ folder }) => {
    const project = await makeProject(folder);
    await rename(join(folder, "upstream"), join(folder, "away"));
    const result = await kovnBuild(project, ["patches", "check", "--json"]);
    const { findings } = JSON.parse(result.stdout) as { findings: { check: string; outcome: string }[] };
    expect(findings.find((finding) => finding.check.startsWith("applies"))).toMatchObject({ outcome: "skipped" });
  });

  test("checks a merged change by its commit and by its effect", async ({ folder }) => {
    const entry = `- { entry: 7, source: demo, repository: kubeovn/demo, commit: ${"c".repeat(40)}, title: Something else }\n`;
    const merged = (text: string) =>
      `merged:\n  - { seed: cccccccccc, commit: 6ed1afa7a74a011b87886fa6b6155f6dcc6f5159, since: 1.0.0, effect: { file: greeting.txt, text: ${text} } }\n`;
    const project = await makeProject(folder, { "patches/seed.yaml": entry });
    const yaml = await readFile(join(project, demo, "source.yaml"), "utf8");
    await writeFile(join(project, demo, "source.yaml"), yaml + merged("hello"));
    await kovnBuild(project, ["patches", "lock"]);
    expect(await kovnBuild(project, ["patches", "check"])).toMatchObject({ exitCode: 0 });
    await writeFile(join(project, demo, "source.yaml"), yaml + merged("goodbye"));
    const result = await kovnBuild(project, ["patches", "check"]);
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stdout).toContain("missing: `goodbye` in greeting.txt");
  });
});

describe("a conflict", () => {
  test("names the earlier patch that touched the same lines", async ({ folder }) => {
    const project = await makeProject(folder, {
      [`${demo}/greet-all.patch`]: mail("Greet all", replaceLine("greeting.txt", "hello", "hi")),
    });
    const result = await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toContain("Patch `greet-all.patch` (2 of 2 of `demo`) does not apply:");
    expect(result.stderr).toContain("greeting.txt, hunk at line 1: conflicts with earlier patch `greet-world.patch`");
    expect(result.stderr).toContain("--until greet-all");
  });

  test("blames upstream when no patch touched the lines", async ({ folder }) => {
    const project = await makeProject(folder, {
      [`${demo}/greet-all.patch`]: mail("Greet all", replaceLine("lib/code.c", "int other;", "hi")),
    });
    const result = await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    expect(result.stderr).toContain("lib/code.c, hunk at line 1: upstream changed these lines");
  });

  test("of the first patch blames upstream, never the patch itself", async ({ folder }) => {
    const project = await makeProject(folder, {
      [`${demo}/greet-world.patch`]: mail("Greet the world", replaceLine("lib/code.c", "int other;", "hi"), {
        Fields: "Origin: vendor\nForwarded: no\nSeed: aaaaaaaaaa\nLast-Update: 2026-11-22",
      }),
    });
    const result = await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    expect(result.stderr).toContain("Patch `greet-world.patch` (1 of ");
    expect(result.stderr).toContain("lib/code.c, hunk at line 1: upstream changed these lines");
    expect(result.stderr).not.toContain("conflicts with");
  });

  test("names the earlier patch that made the same file", async ({ folder }) => {
    const project = await makeProject(folder, {
      [`${demo}/greet-world.patch`]: mail("Greet the world", newFile("new.txt", "one"), {
        Fields: "Origin: vendor\nForwarded: no\nSeed: aaaaaaaaaa\nLast-Update: 2026-11-22",
      }),
      [`${demo}/greet-all.patch`]: mail("Greet all", newFile("new.txt", "two")),
    });
    const result = await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    expect(result.stderr).toContain("new.txt: conflicts with earlier patch `greet-world.patch`");
  });
});
