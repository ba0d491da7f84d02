import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { cli } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { makeJobs } from "../helpers/jobs.ts";
import { until } from "../helpers/processes.ts";
import { openShell } from "../helpers/terminal.ts";

/** Counts to 60 in 6 seconds, in a file, by programs in sessions of their own as well. */
const counting = `(setsid sh -c 'for i in $(seq 60); do echo $i >> ../out/other.txt; sleep 0.1; done' &)
for i in $(seq 60); do echo $i >> ../out/own.txt; sleep 0.1; done`;

/** The number of lines of a file of a run; 0 before there is one. */
function linesIn(runs: string, file: string): number {
  const path = join(runs, readdirSync(runs)[0] ?? "", file);
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
}

const start = `${process.execPath} ${cli} --target linux\r`;

describe("on a terminal, a build", () => {
  test("stops with all that it started at Ctrl-Z, and goes on with `bg` and `fg`", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { script: counting } });
    await using shell = await openShell(project, 80, 24);
    const counted = () => ["own", "other"].map((name) => linesIn(join(project, ".kovn/runs"), `demo/out/${name}.txt`));
    shell.type(start);
    await shell.shows(/step 1 of 1: shell/);
    await until("both count", () => Math.min(...counted()) > 1);
    shell.type("\u001a");
    const stopped = await shell.shows(/Stopped[^$]*\$ $/);
    expect(stopped.join("\n")).not.toContain("step 1 of 1");
    const before = counted();
    await sleep(1500);
    expect(counted()).toEqual(before);
    // In the background it goes on, and leaves the terminal to the shell.
    shell.type("bg\r");
    await until("it counts on", () => (counted()[0] ?? 0) > (before[0] ?? 0));
    shell.type("echo typed\r");
    expect((await shell.shows(/[\r\n]typed\s+\$ $/)).join("\n")).not.toContain("step 1 of 1");
    shell.type("fg\r");
    const shown = await shell.shows(/step 1 of 1: shell/);
    expect(shown.filter((line) => line.startsWith("demo  step 1 of 1"))).toHaveLength(1);
    await shell.shows(/done after[^$]*\$ $/);
    expect(readFileSync(join(project, "dist/linux/own.txt"), "utf8").trim().split("\n")).toHaveLength(60);
  });

  test("is drawn again right after a resize, without remains", async ({ folder }) => {
    const project = await makeJobs(folder, { "a-job-with-a-long-name": { script: "sleep 3; echo done" } });
    await using shell = await openShell(project, 100, 24);
    shell.type(start);
    await shell.shows(/step 1 of 1: shell/);
    await shell.resize(30, 24);
    const shown = await shell.shows(/a-job-with-a-long-name {2}step/);
    expect(shown.filter((line) => line.includes("a-job-with-a-long-name  "))).toEqual([
      expect.stringMatching(/^a-job-with-a-long-name {2}.*…$/),
    ]);
    await shell.shows(/done after[^$]*\$ $/);
    expect((await shell.emulator.all()).join("")).not.toContain("step 1 of 1");
  });

  test("leaves the terminal with a visible cursor when it is interrupted", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { script: "sleep 300" } });
    await using shell = await openShell(project, 80, 24);
    shell.type(start);
    await shell.shows(/step 1 of 1: shell/);
    expect(shell.emulator.isCursorHidden()).toBe(true);
    shell.type("\u0003");
    const shown = await shell.shows(/Interrupted[^$]*\$ $/);
    expect(shell.emulator.isCursorHidden()).toBe(false);
    expect(shown.join("\n")).not.toContain("step 1 of 1");
    shell.type("echo $?\r");
    await shell.shows(/130/);
  });

  for (const size of ["cols 0 rows 0", "cols 20 rows 5"])
    test(`succeeds with \`stty ${size}\``, async ({ folder }) => {
      const project = await makeJobs(folder, { demo: { script: "sleep 1" } });
      await using shell = await openShell(project, 80, 24);
      shell.type(`stty ${size}; ${start}`);
      await shell.shows(/step 1 of/);
      await shell.shows(/done after[^$]*\$ $/);
    });
});
