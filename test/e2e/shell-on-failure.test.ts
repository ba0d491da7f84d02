import { readdirSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { cli, kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { until } from "../helpers/processes.ts";
import { makeProject, pipelineYaml } from "../helpers/project.ts";

const failing = 'echo "tries with $KOVN_FLAGS"; test -e fixed\ncp greeting.txt ../out/';

/** Builds on a terminal (script(1)). `type` gets a function that waits for output and then types. */
async function onTerminal(
  project: string,
  options: string,
  env: Readonly<Record<string, string>>,
  type: (answer: (shown: string, text: string) => Promise<void>, kill: (signal: NodeJS.Signals) => void) => Promise<void>,
) {
  const command = `exec node ${cli} --target linux --shell-on-failure ${options}`;
  const child = execa("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    cwd: project,
    env: { PATH: process.env["PATH"] ?? "", HOME: project, SHELL: "/bin/sh", TERM: "xterm", ...env },
    extendEnv: false,
    reject: false,
  });
  let drawn = "";
  let read = 0;
  child.stdout.on("data", (chunk: Buffer) => (drawn += chunk.toString()));
  const answer = async (shown: string, text: string) => {
    await until(`the terminal shows ${shown}: ${drawn}`, () => drawn.includes(shown, read), 60_000);
    read = drawn.indexOf(shown, read) + shown.length;
    child.stdin.write(text);
  };
  await type(answer, (signal) => child.kill(signal));
  const { exitCode } = await child;
  return { exitCode, drawn };
}

describe("--shell-on-failure", () => {
  test("opens a shell in the failed job, where its program can run again; the build then fails as usual", async ({ folder }) => {
    const project = await makeProject(folder, { "pipelines/test.yaml": pipelineYaml(failing) });
    const { exitCode, drawn } = await onTerminal(project, "", {}, async (answer) => {
      await answer("exit                   ends", 'echo "in $(pwd -P), home $HOME, revision $KOVN_REVISION, $TERM"\n');
      await answer("demo/src, home ", 'eval "$KOVN_COMMAND"; echo "code $?"\n');
      await answer("code 1", "touch fixed\n");
      await answer("fixed", 'eval "$KOVN_COMMAND"; echo "code $?"\n');
      await answer("code 0", "sleep 60\n");
      await answer("sleep 60\r\n", "\u0003");
      await answer("^C", "exit\n");
    });
    const [run = ""] = readdirSync(join(project, ".kovn/runs"));
    const dir = join(project, ".kovn/runs", run, "demo");
    expect(drawn).toContain(`in ${dir}/src, home ${dir}/home, revision 1, xterm\r\n`);
    expect(drawn).toContain(`Job \`demo\` failed. This is a shell in ${dir}/src, with the environment of its steps:\r\n`);
    expect(drawn).toContain("runs its last program again: sh -eu -c 'echo");
    expect(drawn.match(/^tries with -O2\r$/gm)).toHaveLength(2);
    expect(drawn).toMatch(/`sh` failed with exit code 1\.\r\nThe whole output is in .*\r\n {2}-> less \+G .*\/log\r$/m);
    expect(exitCode).toBe(1);
    expect(readdirSync(join(dir, "out"))).toEqual(["greeting.txt"]);
    expect(readdirSync(project)).not.toContain("dist");
  });

  test("keeps the run while the shell is open, and ends it when the build is stopped", async ({ folder }) => {
    const project = await makeProject(folder, { "pipelines/test.yaml": pipelineYaml(failing) });
    const { drawn } = await onTerminal(project, "", {}, async (answer, kill) => {
      await answer("exit                   ends", 'echo "process $$"\n');
      await answer("process ", "");
      await kovnBuild(project, ["--target", "linux", "--keep-runs", "1"]);
      expect(readdirSync(join(project, ".kovn/runs"))).toHaveLength(2);
      kill("SIGTERM");
    });
    expect(drawn).toContain("This is a shell in ");
    await kovnBuild(project, ["cache", "prune", "--keep-runs", "1"]);
    expect(readdirSync(join(project, ".kovn/runs"))).toHaveLength(1);
  });

  test("is not opened for a build that succeeds, and not when no program ran", async ({ folder }) => {
    const project = await makeProject(folder);
    const fine = await onTerminal(project, "", {}, async () => undefined);
    expect(fine.exitCode).toBe(0);
    expect(fine.drawn).not.toContain("shell in");
    const broken = await makeProject(join(folder, "other"), {
      "patches/1.0/demo/series": "greet-all.patch\ngreet-world.patch\n",
    });
    const { exitCode, drawn } = await onTerminal(broken, "--unlocked", {}, async () => undefined);
    expect(drawn).toContain("No shell is opened: no program of a job failed.");
    expect(exitCode).toBe(1);
  });

  test("is refused on a terminal where CI is set", async ({ folder }) => {
    const project = await makeProject(folder);
    const { exitCode, drawn } = await onTerminal(project, "", { CI: "1" }, async () => undefined);
    expect(drawn).toContain("`--shell-on-failure` needs a terminal for stdin and stderr, and is refused where `CI` is set.");
    expect(exitCode).toBe(2);
  });

  for (const [where, options, says] of [
    ["without a terminal", [], "`--shell-on-failure` needs a terminal for stdin and stderr"],
    ["with --json", ["--json"], "Option '--shell-on-failure' cannot be used with option '--json'"],
  ] as const)
    test(`is refused ${where}, before anything runs`, async ({ folder }) => {
      const project = await makeProject(folder, { "pipelines/test.yaml": pipelineYaml(failing) });
      const { exitCode, stderr } = await kovnBuild(project, ["--target", "linux", "--shell-on-failure", ...options]);
      expect(stderr).toContain(says);
      expect(exitCode).toBe(2);
      expect(readdirSync(project)).not.toContain(".kovn");
    });
});
