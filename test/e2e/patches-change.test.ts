import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { lockDemo } from "../helpers/change.ts";
import { cli, kovnBuild, spawnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { until } from "../helpers/processes.ts";
import { demo, mail, makeProject, newFile } from "../helpers/project.ts";
import { openShell } from "../helpers/terminal.ts";

const three = {
  [`${demo}/series`]: "greet-world.patch\ngreet-all.patch\nnew.patch\n",
  [`${demo}/new.patch`]: mail("New", newFile("new.txt", "new")),
};

/** The fixture project with a third patch, locked. */
async function prepare(folder: string): Promise<string> {
  const project = await makeProject(folder, three);
  await lockDemo(project);
  return project;
}

describe("patches drop, move and rename", () => {
  test("show what they write, and write it", async ({ folder }) => {
    const project = await prepare(folder);
    const run = async (...words: readonly string[]) => kovnBuild(project, ["patches", ...words]);
    const before = await contentOf(join(project, "patches"));
    const dry = await run("drop", "demo", "new", "--dry-run");
    expect(dry.stdout).toMatch(
      /^demo, line 1\.0: revision 1 to 2\n {2}dropped {2}new\.patch\n {2}lock {5}git:6ed1afa7a74a {2}\w{12} to \w{12}\nNothing is written \(--dry-run\)\.$/,
    );
    expect(await contentOf(join(project, "patches"))).toEqual(before);
    const moved = await run("move", "demo", "new", "--to", "1");
    expect(moved.stdout).toContain("moved    new.patch, from 3 to 1 in `series`\n");
    expect(moved.stdout).toMatch(/\nWritten: patches\/1\.0\/demo, patches\/1\.0\/lock\.json$/);
    expect(await run("move", "demo", "new", "--before", "greet-world")).toMatchObject({
      exitCode: 0,
      stdout: "Nothing changes.",
    });
    const renamed = JSON.parse((await run("rename", "demo", "new", "newer", "--json")).stdout) as object;
    expect(renamed).toMatchObject({
      schema: 1,
      written: true,
      patches: [{ name: "new.patch", change: "renamed", to: "newer.patch" }],
    });
    expect(await readFile(join(project, demo, "series"), "utf8")).toBe("newer.patch\ngreet-world.patch\ngreet-all.patch\n");
    const check = await run("check");
    expect(check, check.stdout).toMatchObject({ stdout: expect.stringContaining("the series matches the lock") as string });
  });

  test("leave the old series or the new one when they are killed; `patches lock` then completes it", async ({ folder }) => {
    const project = await prepare(folder);
    const all = join(project, "patches");
    const before = await contentOf(all);
    const staged = () => readdirSync(join(all, "1.0")).some((name) => name.startsWith(".demo.kovn-"));
    const isDropped = () => existsSync(join(all, "1.0/demo")) && !existsSync(join(all, "1.0/demo/new.patch"));
    const isWorking = () => existsSync(join(project, ".kovn/tmp")) && readdirSync(join(project, ".kovn/tmp")).length > 0;
    for (const isTime of [isWorking, staged, isDropped]) {
      const child = spawn(process.execPath, [cli, "patches", "drop", "demo", "new"], {
        cwd: project,
        env: { PATH: process.env["PATH"] ?? "", HOME: project },
        stdio: "ignore",
      });
      const end = once(child, "exit");
      // It may end before it is seen there.
      await until("the command is so far", () => child.exitCode !== null || isTime());
      child.kill("SIGKILL");
      await end;
      const { "1.0/lock.json": _, ...now } = await contentOf(all);
      // The next command repairs the folder, if it was killed between two renames.
      const listed = await kovnBuild(project, ["patches", "drop", "demo", "none"]);
      expect(listed.exitCode).toBe(2);
      const { "1.0/lock.json": __, ...repaired } = await contentOf(all);
      const { "1.0/lock.json": lock, ...old } = before;
      if (repaired["1.0/demo/new.patch"] !== undefined) {
        expect(repaired).toEqual(old);
        expect(readFileSync(join(all, "1.0/lock.json"), "latin1")).toBe(lock);
        continue;
      }
      expect(now["1.0/demo/new.patch"]).toBeUndefined();
      const { "1.0/demo/new.patch": _new, ...others } = old;
      const changed = { "1.0/demo/series": "greet-world.patch\ngreet-all.patch\n" };
      const yaml = { "1.0/demo/source.yaml": old["1.0/demo/source.yaml"]?.replace("revision: 1", "revision: 2") };
      expect(repaired).toEqual({ ...others, ...changed, ...yaml });
      expect(await kovnBuild(project, ["patches", "lock"])).toMatchObject({ exitCode: 0 });
      return;
    }
    expect(await kovnBuild(project, ["patches", "drop", "demo", "new"])).toMatchObject({ exitCode: 0 });
  });
});

describe("patches edit", () => {
  test("runs a command in the tree; what it changed is written if it exits with 0, else it waits", async ({ folder }) => {
    const project = await prepare(folder);
    const edit = async (...words: readonly string[]) => kovnBuild(project, ["patches", "edit", "demo", ...words]);
    const before = await contentOf(join(project, "patches"));
    const tree = join(project, ".kovn/edit/1.0-demo/tree");
    expect(await edit("new", "--", "sh", "-c", "exit 3")).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`The command in ${tree} ended with exit code 3, so nothing is written.`) as string,
    });
    expect(existsSync(tree)).toBe(false);
    expect((await edit("new", "--", "none-such")).stderr).toContain("Program `none-such` cannot be started.");
    expect(existsSync(tree)).toBe(false);
    const command = "echo 'hello everybody' > greeting.txt; pwd; exit 3";
    // What the command writes goes to the stderr of the process, not through the program.
    const failed = await spawnBuild(project, ["patches", "edit", "demo", "greet-all", "--", "sh", "-c", command]);
    expect(failed.stderr).toContain(`${tree}\n`);
    expect(failed.stderr).toContain(
      "What was changed there stays.\n  -> kovn-build patches edit demo --continue --line 1.0 takes it",
    );
    expect(await contentOf(join(project, "patches"))).toEqual(before);
    const done = await edit("--continue");
    expect(done, done.stderr).toMatchObject({ exitCode: 0 });
    expect(done.stdout).toMatch(/^demo, line 1\.0: revision 1 to 2\n {2}changed {2}greet-all\.patch\n {2}lock .*\nWritten: /);
    const more = await edit("greet-world", "--json", "--", "sh", "-c", "echo 'hello moon' > greeting.txt; echo out");
    expect(more).toMatchObject({ exitCode: 1, stdout: "" });
    expect(more.stderr).toContain("Patch `greet-all.patch` conflicts with what you made of `greet-world.patch`: greeting.txt.\n");
    const skipped = JSON.parse((await edit("--skip", "--json")).stdout) as object;
    expect(skipped).toMatchObject({
      written: true,
      revision: { after: 3 },
      patches: [{ change: "changed" }, { change: "dropped" }],
    });
    expect(await kovnBuild(project, ["patches", "check"])).toMatchObject({
      stdout: expect.stringContaining("the series matches the lock") as string,
    });
  });

  test("opens the person's shell on a terminal", async ({ folder }) => {
    const project = await prepare(folder);
    await using shell = await openShell(project, 200, 40);
    shell.type(`SHELL=/bin/sh PS1='in> ' node ${cli} patches edit demo greet-world\r`);
    await shell.shows(/HEAD is patch greet-world\.patch, 1 of 3 of demo\.[^]*in> $/);
    shell.type("git log --format=%s -1; echo 'hello there' > greeting.txt; exit\r");
    await shell.shows(/Greet the world[^]*Patch `greet-all\.patch` conflicts[^]*\$ $/);
    shell.type(`node ${cli} patches edit demo --abort\r`);
    await shell.shows(/The edit of greet-world\.patch is ended; nothing changed\.[^]*\$ $/);
  });

  test("goes on after it was killed while later patches were put on top", async ({ folder }) => {
    const project = await prepare(folder);
    const state = join(project, ".kovn/edit/1.0-demo/state.json");
    const words = ["patches", "edit", "demo", "greet-all", "--", "sh", "-c", "echo 'hello everybody' > greeting.txt"];
    const child = spawn(process.execPath, [cli, ...words], {
      cwd: project,
      env: { PATH: process.env["PATH"] ?? "", HOME: project },
      stdio: "ignore",
    });
    const end = once(child, "exit");
    const isTaken = () => existsSync(state) && readFileSync(state, "utf8").includes('"head"');
    await until("the edit is taken", () => child.exitCode !== null || isTaken());
    child.kill("SIGKILL");
    await end;
    if (existsSync(state))
      expect(await kovnBuild(project, ["patches", "edit", "demo", "--continue"])).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(project, demo, "greet-all.patch"), "utf8")).toContain("\n+hello everybody\n");
    expect(await kovnBuild(project, ["patches", "check"])).toMatchObject({
      stdout: expect.stringContaining("the series matches the lock") as string,
    });
  });
});
