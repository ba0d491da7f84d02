import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { RunEvent } from "../../src/index.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { makeProject, pipelineYaml } from "../helpers/project.ts";

const build = ["--target", "linux"];
const hasGcc = existsSync("/usr/bin/gcc");

/** Compiles a wrong file while another recipe is at work, which prints 61 lines after that. */
const script = `cat > Makefile <<'END'
all: wrong.o slow
wrong.o: wrong.c
	gcc -c wrong.c
slow:
	sleep 1; seq 61
END
echo 'int answer = question;' > wrong.c
make -j2`;

const message = "wrong.c:1:14: error: ‘question’ undeclared here (not in a function)";

describe.runIf(hasGcc)("with make -j, a compiler's error 61 lines above the end", () => {
  test("is shown with its line, its source and the caret, and so is what to type", async ({ folder }) => {
    const project = await makeProject(folder, { "pipelines/test.yaml": pipelineYaml(script) });
    const { exitCode, stderr } = await kovnBuild(project, build);
    expect(exitCode).toBe(1);
    const [, log = ""] = /^The whole output is in (.+)$/m.exec(stderr) ?? [];
    const lines = (await readFile(log, "utf8")).split("\n");
    const number = lines.indexOf(message) + 1;
    expect(lines.length - number).toBeGreaterThan(61);
    const shown = stderr.slice(stderr.indexOf("demo: errors in the log:"));
    expect(shown.split("\n").slice(0, 5)).toEqual([
      "demo: errors in the log:",
      `demo| line ${number}: ${message}`,
      expect.stringMatching(/^demo\| {9,}1 \| int answer = question;$/),
      expect.stringMatching(/^demo\| +\| +\^~+$/),
      "demo: end of the log:",
    ]);
    expect(shown).toContain("\ndemo| 61\n");
    expect(shown).not.toContain("\ndemo| 45\n");
    expect(shown).toContain(`exit code 2.\n${message}\n    1 | int answer = question;\n`);
    expect(shown).toContain(`\n  -> less +${number} ${log}`);
  });

  test("is in the events, and in the summary of GitHub Actions", async ({ folder }) => {
    const project = await makeProject(folder, { "pipelines/test.yaml": pipelineYaml(script) });
    const { stdout } = await kovnBuild(project, [...build, "--json"]);
    const events = stdout.split("\n").map((line) => JSON.parse(line) as RunEvent);
    const end = events.find((event) => event.event === "job-end");
    expect(end?.errors).toEqual([
      { line: expect.any(Number), text: expect.stringMatching(`^${message.replace(/[()]/g, "\\$&")}\n`) },
    ]);
    expect(end?.tail).toHaveLength(30);
    const summary = join(folder, "summary");
    const actions = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
    expect((await kovnBuild(project, build, actions)).stderr).toContain(`%0A${message}%0A`);
    const text = await readFile(summary, "utf8");
    expect(text).toContain("Errors in the log:\n\n```text\nline ");
    expect(text).toContain(message);
    expect(text).toContain("End of the log:\n\n```text\n");
  });
});

test("lines are shown without colors, and with visible control characters", async ({ folder }) => {
  const lines = String.raw`printf '\033[2J\033[31ma.c:1:1: error: \033[0mbad\007 thing\n\033]0;title\007plain\n'; exit 1`;
  const project = await makeProject(folder, { "pipelines/test.yaml": pipelineYaml(lines) });
  for (const options of [build, [...build, "--verbose"]]) {
    const { stderr } = await kovnBuild(project, options);
    expect(stderr).toMatch(/^demo\| (?:line \d+: )?\\x1b\[2Ja\.c:1:1: error: bad\\x07 thing$/m);
    expect(stderr).toMatch(/^demo\| \\x1b\]0;title\\x07plain$/m);
    // oxlint-disable-next-line no-control-regex
    expect(stderr).not.toMatch(/[\0-\u0009\u000B-\u001F\u007F]/);
  }
});

test("without a line that looks like an error, the last 30 lines are shown", async ({ folder }) => {
  const project = await makeProject(folder, { "pipelines/test.yaml": pipelineYaml("seq 100; false") });
  const { stderr } = await kovnBuild(project, build);
  expect(stderr).not.toContain("errors in the log");
  expect(stderr).toContain("demo| 71\n");
});

test("errors of a step that succeeded are not shown", async ({ folder }) => {
  const second = `      - uses: shell\n        with: { script: "echo 'b.c:1:1: error: bad'; false" }\n    artifacts:`;
  const pipeline = pipelineYaml("echo 'a.c:1:1: error: tolerated'").replace("    artifacts:", second);
  const { stderr } = await kovnBuild(await makeProject(folder, { "pipelines/test.yaml": pipeline }), build);
  expect(stderr).toMatch(/^Job .+ exit code 1\.\nb\.c:1:1: error: bad\nThe whole output/m);
});

test("an error in the last lines is shown there, and in the message at the end", async ({ folder }) => {
  const pipeline = pipelineYaml("echo 'b.c:1:1: error: bad'; false");
  const { stderr } = await kovnBuild(await makeProject(folder, { "pipelines/test.yaml": pipeline }), build);
  expect(stderr).not.toContain("errors in the log");
  expect(stderr.match(/^(demo\| )?b\.c:1:1: error: bad$/gm)).toEqual(["demo| b.c:1:1: error: bad", "b.c:1:1: error: bad"]);
});
