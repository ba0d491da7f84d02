import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { Workflow } from "../real/workflow.ts";

const folder = ".github/workflows";
const files = readdirSync(folder);
const scripts = (JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> }).scripts;

describe.each(files)("workflow %s", (file) => {
  const text = readFileSync(join(folder, file), "utf8");
  const workflow = parse(text) as Workflow;
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps ?? []);

  test("gives no right that a job does not ask for, and every job a time limit", () => {
    expect(workflow.permissions).toEqual({});
    for (const [id, job] of jobs) {
      expect(job.permissions, id).toBeDefined();
      if (job.uses === undefined) expect(job["timeout-minutes"], id).toBeGreaterThan(0);
    }
  });

  test("pins each action by commit, the same commit everywhere, with its version", () => {
    const uses = steps.flatMap((step) => step.uses ?? []);
    for (const name of uses) expect(name).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40}$/);
    const lines = files.flatMap((name) => readFileSync(join(folder, name), "utf8").match(/uses: actions\/.*/g) ?? []);
    for (const line of lines) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    const actions = new Set(lines.map((line) => line.replace(/@.*/, "")));
    expect(new Set(lines).size).toBe(actions.size);
  });

  test("has steps of one command that a person can type, and pastes no input into it", () => {
    for (const { run } of steps) {
      if (run === undefined) continue;
      expect(run).not.toMatch(/[\n;|&]|\$\{\{ *(inputs|github|needs|steps)\b/);
      const script = /^npm run ([\w:]+)/.exec(run)?.[1];
      if (script !== undefined) expect(scripts).toHaveProperty([script]);
      expect(run).toMatch(
        /^(npm (ci|test|run [\w:]+)|npx kovn-build [^]*|bash \.ci\/run|apt-get -q\w* (update|install) ?[\w -]*)$/,
      );
    }
  });
});
