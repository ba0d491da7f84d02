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
    for (const name of uses) expect(name).toMatch(/^actions\/[a-z-]+(\/[a-z-]+)?@[0-9a-f]{40}$/);
    const lines = files.flatMap((name) => readFileSync(join(folder, name), "utf8").match(/uses: actions\/.*/g) ?? []);
    for (const line of lines) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    // Actions of one repository, such as `actions/cache/save`, are of one commit.
    const pins = new Set(lines.map((line) => line.replace(/(actions\/[a-z-]+)[^@]*/, "$1")));
    expect(new Set([...pins].map((line) => line.replace(/@.*/, ""))).size).toBe(pins.size);
  });

  test("saves what it took from earlier runs, also after a failure, but not for a release", () => {
    for (const [id, job] of jobs) {
      const [taken, saved] = ["restore", "save"].map((what) =>
        job.steps?.find(({ uses }) => uses?.startsWith(`actions/cache/${what}@`)),
      );
      expect(saved?.with?.["path"], id).toBe(taken?.with?.["path"]);
      expect([taken?.if, saved?.if], id).toEqual(
        taken === undefined ? [undefined, undefined] : ["inputs.cache", "always() && inputs.cache"],
      );
      if (job.uses?.endsWith("/build.yml") === true) expect(job.with?.["cache"]).toBe(file !== "release.yml");
    }
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
