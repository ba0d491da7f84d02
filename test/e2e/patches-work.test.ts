import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { demo, inGit, mail, makeProject, newFile, replaceLine } from "../helpers/project.ts";

describe("patches export", () => {
  test("writes nothing after apply", async ({ folder }) => {
    const project = await makeProject(folder);
    const before = await contentOf(join(project, demo));
    expect(await kovnBuild(project, ["patches", "apply", "demo", "tree"])).toMatchObject({ exitCode: 0 });
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result).toMatchObject({ exitCode: 0, stdout: "2 of 2 patches unchanged" });
    expect(await contentOf(join(project, demo))).toEqual(before);
  });

  test("rewrites a changed patch, names a new one by its subject, and drops one without a commit", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = join(project, "tree");
    await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    await inGit(tree, "reset", "--quiet", "--hard", "HEAD~1");
    await writeFile(join(tree, "greeting.txt"), "hello wide world\n");
    await inGit(tree, "commit", "--quiet", "--all", "--amend", "--no-edit");
    await writeFile(join(tree, "more.txt"), "more\n");
    await inGit(tree, "add", "more.txt");
    await inGit(
      tree,
      "commit",
      "--quiet",
      "--message",
      "Say more\n\nWhy.\n\nOrigin: vendor\nForwarded: no\nSeed: none\nLast-Update: 2026-11-22",
    );
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result.stdout).toBe(
      "changed  greet-world.patch\nadded    say-more.patch\ndropped  greet-all.patch\n0 of 3 patches unchanged",
    );
    expect(await readFile(join(project, demo, "series"), "utf8")).toBe("greet-world.patch\nsay-more.patch\n");
    expect(await readFile(join(project, demo, "greet-world.patch"), "utf8")).toContain("+hello wide world");
    expect(await kovnBuild(project, ["plan", "--target", "linux"])).toMatchObject({ exitCode: 0 });
  });

  test("handles subjects that are not ASCII: an amended patch keeps its name, a new one gets a name", async ({ folder }) => {
    const encoded = mail("=?UTF-8?q?Gr=C3=BC=C3=9Fe=20an=20alle?=", replaceLine("greeting.txt", "hello world", "hello all"));
    const project = await makeProject(folder, { [`${demo}/greet-all.patch`]: encoded });
    const tree = join(project, "tree");
    await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    await writeFile(join(tree, "greeting.txt"), "hello everybody\n");
    await inGit(tree, "commit", "--quiet", "--all", "--amend", "--no-edit");
    await writeFile(join(tree, "greeting.txt"), "hello you\n");
    const fields = "Origin: vendor\nForwarded: no\nSeed: none\nLast-Update: 2026-11-22";
    await inGit(tree, "commit", "--quiet", "--all", "--message", `修复问候\n\n${fields}`);
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result.stdout).toBe("changed  greet-all.patch\nadded    change.patch\n1 of 3 patches unchanged");
    expect(await kovnBuild(project, ["plan", "--target", "linux", "--unlocked"])).toMatchObject({ exitCode: 0 });
  });

  test("keeps a comment in `series` with the patch below it", async ({ folder }) => {
    const series = "# About the world.\ngreet-world.patch\n# About all.\ngreet-all.patch\n";
    const project = await makeProject(folder, { [`${demo}/series`]: series });
    const tree = join(project, "tree");
    await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    await inGit(tree, "reset", "--quiet", "--hard", "HEAD~1");
    await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(await readFile(join(project, demo, "series"), "utf8")).toBe("# About the world.\ngreet-world.patch\n");
  });

  test("refuses a tree with uncommitted changes and writes nothing", async ({ folder }) => {
    const project = await makeProject(folder);
    await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    const before = await contentOf(join(project, demo));
    await writeFile(join(project, "tree/greeting.txt"), "changed\n");
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain("uncommitted changes");
    expect(await contentOf(join(project, demo))).toEqual(before);
  });

  test("refuses a tree made with --until that lacks the other patches", async ({ folder }) => {
    const project = await makeProject(folder);
    await kovnBuild(project, ["patches", "apply", "demo", "tree", "--until", "greet-all"]);
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain("lacks `greet-all.patch`");
  });

  test("refuses a folder that `patches apply` did not make", async ({ folder }) => {
    const project = await makeProject(folder);
    const result = await kovnBuild(project, ["patches", "export", "demo", join(folder, "upstream")]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain("not made by `patches apply`");
  });
});

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
