import { randomInt } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { changeJobs, makeJobs, startBuild } from "../helpers/jobs.ts";
import { processesWith, until } from "../helpers/processes.ts";
import { writeFiles } from "../helpers/project.ts";

/** Children of every kind, all of which sleep for a number of seconds that only this test uses. */
function sleepers(): { readonly script: string; readonly unique: string } {
  const unique = `3${randomInt(1e9, 9e9)}`;
  const script = `
    sleep ${unique} &
    setsid sleep ${unique} &
    (setsid sh -c 'sleep ${unique} & exec sleep ${unique}' &)
    sh -c 'trap "" TERM; while :; do sleep ${unique}; done' &
    wait`;
  return { script, unique };
}

/** A project with a finished build, in which then another one sleeps. */
async function sleepingBuild(folder: string) {
  const project = await makeJobs(folder, { demo: {} });
  expect(await startBuild(project).ended).toMatchObject({ exitCode: 0 });
  const before = await contentOf(join(project, "dist"));
  const { script, unique } = sleepers();
  await changeJobs(project, { demo: { script } });
  const build = startBuild(project);
  await until("all sleepers run", () => processesWith(`sleep ${unique}`).filter((line) => !line.includes("sh ")).length >= 5);
  return { project, unique, before, build };
}

describe("a build that is interrupted", () => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)
    test(`${signal} ends every process within 5 s, exits ${code}, leaves dist unchanged and says how to continue`, async ({
      folder,
    }) => {
      const { project, unique, before, build } = await sleepingBuild(folder);
      const time = performance.now();
      process.kill(build.pid, signal);
      const { exitCode, stderr } = await build.ended;
      expect(performance.now() - time).toBeLessThan(5000);
      expect(exitCode).toBe(code);
      expect(processesWith(unique)).toEqual([]);
      expect(await contentOf(join(project, "dist"))).toEqual(before);
      expect(stderr).toContain(`Interrupted. dist/ is unchanged.\n  -> kovn-build --target linux`);
    });

  test("SIGINT ends a build that cannot end its programs in time, and says that something is left", async ({ folder }) => {
    const hang = `import timers from "node:timers/promises"; import { syncBuiltinESMExports } from "node:module";
      timers.setTimeout = () => new Promise(() => void setInterval(() => {}, 1000)); syncBuiltinESMExports();`;
    const project = await makeJobs(folder, { demo: { script: `touch ${folder}/runs; sleep 60` } });
    const build = startBuild(project, { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hang)}` });
    await until("the step runs", () => existsSync(join(folder, "runs")));
    process.kill(build.pid, "SIGINT");
    const { signal, stderr } = await build.ended;
    expect(signal).toBe("SIGINT");
    expect(stderr).toContain(
      "Interrupted. dist/ is unchanged. The next run removes what is left.\n  -> kovn-build --target linux",
    );
  });

  test("SIGTERM ends a process of which a thread hangs, as on a dead file system", async ({ folder }) => {
    const fifo = join(folder, "fifo");
    await execa("mkfifo", [fifo]);
    const hang = `import { open } from "node:fs"; open(${JSON.stringify(fifo)}, "r", () => {});`;
    const project = await makeJobs(folder, { demo: { script: `touch ${folder}/runs; sleep 60` } });
    const build = startBuild(project, { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hang)}` });
    await until("the step runs", () => existsSync(join(folder, "runs")));
    process.kill(build.pid, "SIGTERM");
    const { signal, stderr } = await build.ended;
    expect(signal).toBe("SIGTERM");
    expect(stderr).toContain("Interrupted.");
  });

  test("kill -9 leaves no process, dist unchanged, and nothing that disturbs the next build", async ({ folder }) => {
    const { project, unique, before, build } = await sleepingBuild(folder);
    process.kill(build.pid, "SIGKILL");
    await build.ended;
    await until("all processes are gone", () => processesWith(unique).length === 0, 3000);
    expect(await contentOf(join(project, "dist"))).toEqual(before);
    await changeJobs(project, { demo: {} });
    expect(await startBuild(project).ended).toMatchObject({ exitCode: 0 });
    expect(readdirSync(join(project, "dist"))).toEqual(["linux"]);
  });

  test("programs that a step leaves running are ended with the step", async ({ folder }) => {
    const { script, unique } = sleepers();
    const project = await makeJobs(folder, { demo: { script: script.replace(/wait$/, "") } });
    expect(await startBuild(project).ended).toMatchObject({ exitCode: 0 });
    expect(processesWith(unique)).toEqual([]);
  });

  test("a killed fetch leaves no lock that stops the next build", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: {} });
    // git that leaves what a killed one does: its lock files and half a pack.
    const git = `#!/bin/sh
for word; do if [ "$word" = fetch ]; then
  mkdir -p refs/kovn objects/pack
  touch config.lock HEAD.lock shallow.lock refs/kovn/x.lock objects/pack/tmp_pack_abc
  touch ${folder}/fetching
  sleep 3000
fi; done
exec /usr/bin/git "$@"
`;
    await writeFiles(folder, { "bin/git": git });
    const build = startBuild(project, { PATH: `${folder}/bin:/usr/bin:/bin` });
    await until("git fetches", () => existsSync(join(folder, "fetching")));
    process.kill(build.pid, "SIGKILL");
    await build.ended;
    expect(await startBuild(project).ended).toMatchObject({ exitCode: 0 });
    const mirrors = readdirSync(join(project, ".kovn/mirrors"), { recursive: true, encoding: "utf8" });
    expect(mirrors.filter((file) => /lock|tmp/.test(file))).toEqual([]);
  });

  test("three builds at once in a new checkout all succeed", async ({ folder }) => {
    const project = await makeJobs(folder, { one: {}, two: { needs: ["one"] } });
    const builds = await Promise.all([1, 2, 3].map(() => startBuild(project).ended));
    expect(builds.map((build) => build.exitCode)).toEqual([0, 0, 0]);
    expect(readdirSync(join(project, "dist"))).toEqual(["linux"]);
    expect(readdirSync(join(project, "dist/linux")).toSorted()).toEqual(["SHA256SUMS", "artifacts.json", "one.txt", "two.txt"]);
  });
});
