import { stripVTControlCharacters } from "node:util";
import { describe, expect } from "vitest";
import { cli, kovnBuild, run } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { makeJobs } from "../helpers/jobs.ts";

const script = `echo 'x.c:1:2: warning: unused [-Wunused]'; sleep 0.6; echo done`;

// oxlint-disable-next-line no-control-regex
const colors = /\u001b\[[\d;]*m/;

/** Runs a build on a terminal of 80x24 (script(1)) and returns everything it drew. */
async function onTerminal(project: string, env: Readonly<Record<string, string>>): Promise<string> {
  const command = `stty cols 80 rows 24; node ${cli} --target linux`;
  const { stdout } = await run(project, ["script", "--quiet", "--return", "--command", command, "/dev/null"], {
    TERM: "xterm",
    ...env,
  });
  return stdout;
}

describe("progress", () => {
  test("on a terminal is a live view with the time of the last run", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { script } });
    await onTerminal(project, {});
    await kovnBuild(project, ["cache", "prune", "--size", "0"]);
    const drawn = await onTerminal(project, {});
    const text = stripVTControlCharacters(drawn);
    expect(text).toMatch(/demo {2}step 1 of 1: shell, \d+\.\d s of about \d+\.\d s, 1 warning/);
    expect(text).toMatch(/0 of 1 job built, less than a minute left, 1 running, 0 waiting, \d+\.\d s/);
    expect(drawn).toContain("\u001b[2m");
    expect(text).toContain("demo: built after");
  });

  for (const env of [{ NO_COLOR: "1" }, { FORCE_COLOR: "0" }, { TERM: "dumb", CI: "" }])
    test(`on a terminal has no colors with ${JSON.stringify(env)}`, async ({ folder }) => {
      const project = await makeJobs(folder, { demo: { script } });
      const drawn = await onTerminal(project, env);
      expect(drawn).toContain("step 1 of 1: shell");
      expect(drawn).not.toMatch(colors);
    });

  test("on a terminal has colors with an empty NO_COLOR, which counts as unset", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { script } });
    expect(await onTerminal(project, { NO_COLOR: "" })).toMatch(colors);
  });

  test("in a pipe has colors with FORCE_COLOR: red for errors, yellow for warnings, green for done", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { script: `${script}; exit 1` }, other: {} });
    const args = ["--target", "linux", "--keep-going"];
    const { stdout, stderr } = await kovnBuild(project, args, { FORCE_COLOR: "1" });
    const text = stderr.replaceAll("\u001b", "ESC");
    expect(text).toMatch(/^other: ESC\[32mbuiltESC\[39m after/m);
    expect(text).toMatch(/^demo: ESC\[31mfailedESC\[39m after .*, ESC\[33m1 warningESC\[39m$/m);
    expect(text).toMatch(/^ESC\[31mJob `demo`, step 1/m);
    expect(stdout).not.toMatch(colors);
    expect((await kovnBuild(project, args)).stderr).not.toMatch(colors);
  });

  test("on a terminal that takes links has one from a job to its log", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { script } });
    const link = /ESC\]8;;file:\/\/[^/]+\/.*\/\.kovn\/runs\/.*\/demo\/logESC\\demoESC\]8;;ESC\\/;
    const drawn = await onTerminal(project, { VTE_VERSION: "7600" });
    expect(drawn.replaceAll("\u001b", "ESC")).toMatch(link);
    expect(await onTerminal(project, {})).not.toContain("\u001b]8;;");
  });

  for (const env of [{ CI: "true" }, { TERM: "dumb" }])
    test(`on a terminal is plain with ${JSON.stringify(env)}`, async ({ folder }) => {
      const project = await makeJobs(folder, { demo: { script } });
      expect(await onTerminal(project, env)).not.toContain("\u001b");
    });

  test("in a pipe is a line for each event, on stderr; the result is on stdout", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { script } });
    const { stdout, stderr } = await kovnBuild(project, ["--target", "linux"]);
    expect(
      stderr
        .replaceAll(/\d+\.\d s/g, "N s")
        .replaceAll(folder, "")
        .replace(/runs\/[^/]+/, "runs/RUN")
        .split("\n")
        // Tasks are shown when they take long, as they do on a slow machine.
        .filter((line) => !/^(check this machine|fetch |look up |remove |demo: apply )/.test(line)),
    ).toEqual([
      "plan: linux, line 1.0, default, amd64: demo".replace("amd64", process.arch === "x64" ? "amd64" : "arm64"),
      "notice: patches/1.0/lock.json is missing, so nothing is checked against it. (kovn-build patches lock --line 1.0)",
      "base: demo: /upstream at 6ed1afa7a74a",
      "demo: started, log in /project/.kovn/runs/RUN/demo/log",
      "demo: step 1 of 1: shell",
      "demo: built after N s, 1 warning",
      "done after N s: 1 file in /project/dist/linux",
    ]);
    expect(stdout).toBe(`   0.0 kB  ${project}/dist/linux/demo.txt`);
  });

  test("a closed pipe ends the build without a stack trace", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { script: "for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 1; done" } });
    const { stdout } = await run(project, [
      "sh",
      "-c",
      `(node ${cli} --target linux --verbose; echo "exit $?" >&2) 2>&1 | head -n 1`,
    ]);
    expect(stdout).toBe(stdout.split("\n")[0]);
  });
});
