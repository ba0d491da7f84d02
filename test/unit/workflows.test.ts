import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readLines } from "../../src/config/lines.ts";
import { readPipeline } from "../../src/config/pipeline.ts";
import { makeMatrices } from "../../src/plan/matrix.ts";
import type { Action, Workflow } from "../real/workflow.ts";

const folder = ".github/workflows";
/** All workflows, with the one that `kovn-build init` writes. */
const files = [...readdirSync(folder).map((file) => join(folder, file)), "templates/workflow.yml"];
const scripts = (JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> }).scripts;

type Job = Workflow["jobs"][string];

function needsOf({ needs = [] }: Partial<Job>): readonly string[] {
  return [needs].flat();
}

/** Names of the artifacts that a job leaves, or the jobs of the workflow that it is; with an asterisk for each expression. */
function uploadsOf({ uses, steps = [] }: Partial<Job>): readonly string[] {
  if (uses !== undefined) return Object.values((parse(readFileSync(uses, "utf8")) as Workflow).jobs).flatMap(uploadsOf);
  const uploads = steps.filter((step) => step.uses?.startsWith("actions/upload-artifact@"));
  return uploads.map((step) => String(step.with?.["name"]).replaceAll(/\$\{\{[^}]*\}\}/g, "*"));
}

test("the driver goes from the job that builds it to the installer", async () => {
  const { jobs } = parse(readFileSync(join(folder, "build.yml"), "utf8")) as Workflow;
  const step = (job: string, word: string, name?: string) =>
    jobs[job]?.steps?.find(
      (one) => (one.run ?? one.uses ?? "").includes(word) && (name ?? one.with?.["name"]) === one.with?.["name"],
    ) ?? {
      run: "",
      with: {},
    };
  const project = { root: resolve("."), work: resolve(".kovn") };
  const native = await readPipeline(project, { target: "windows", toolchain: "msvc" }, "windows");
  const artifacts = native.jobs["driver"]?.artifacts ?? [];
  expect(new Set(artifacts.map((path) => `dist/\${{ matrix.target }}/${dirname(path)}`))).toEqual(
    new Set([step("driver", "upload-artifact").with?.["path"]]),
  );
  expect(artifacts.map((path) => basename(path)).toSorted()).toEqual(["ovsext.cat", "ovsext.inf", "ovsext.sys"]);
  expect(step("windows", "download-artifact", "driver").with).toMatchObject({ name: "driver", path: "driver" });
  // Without the driver, the installer is built as well.
  const [left, taken] = [step("driver", "upload-artifact"), step("windows", "download-artifact", "driver")];
  expect(jobs["driver"]).toMatchObject({
    "continue-on-error": true,
    outputs: { folder: `\${{ steps.${left.id}.outputs.artifact-id && 'driver' }}` },
  });
  expect(jobs["windows"]?.if).toMatch(/^!cancelled\(\) && (?!.*driver)/);
  expect(taken.if).toBe("needs.driver.outputs.folder != ''");
  expect(step("windows", "cli.js --target")).toMatchObject({
    run: expect.stringContaining(' ${DRIVER:+--driver "$DRIVER"} '),
    env: { DRIVER: "${{ needs.driver.outputs.folder }}" },
  });
});

test("packages are built in clean roots, whose names are in what the jobs leave", async () => {
  const { jobs } = parse(readFileSync(join(folder, "build.yml"), "utf8")) as Workflow;
  const plan = jobs["plan"]?.steps?.find(({ id }) => id === "plan")?.run ?? "";
  const roots = [...plan.matchAll(/ --root (\S+)/g)].map(([, root = ""]) => root);
  expect(roots).toEqual(["debian:12", "debian:13", "ubuntu:24.04"]);
  const project = { root: resolve("."), work: resolve(".kovn") };
  const pipeline = await readPipeline(project, { target: "linux" }, "linux");
  const { include = [] } = makeMatrices([{ pipeline, variant: "default" }], () => roots)["linux"] ?? {};
  expect(include.map(({ runner, arch }) => `${arch} on ${runner}`)).toEqual([
    ...roots.map(() => "amd64 on ubuntu-24.04"),
    ...roots.map(() => "arm64 on ubuntu-24.04-arm"),
  ]);
  expect(new Set(include.map(({ name }) => name)).size).toBe(include.length);
  expect(uploadsOf(jobs["linux"] ?? {})).toEqual(["dist-*"]);
  const installed = jobs["linux"]?.steps?.flatMap(({ run = "" }) => / install .*/.exec(run) ?? []).join(" ");
  // What roots are made of on Ubuntu, as an ordinary user.
  for (const name of ["bubblewrap", "mmdebstrap", "uidmap", "debian-archive-keyring"]) expect(installed).toContain(` ${name}`);
});

test("every night, upstream's tests run on each line", async () => {
  const { jobs } = parse(readFileSync(join(folder, "nightly.yml"), "utf8")) as Workflow;
  const { all } = await readLines({ root: resolve("."), work: "" });
  expect(jobs["suite"]?.strategy?.matrix).toMatchObject({ line: all.map(({ name }) => name) });
});

test("a release is of a tag on main, in a protected environment", () => {
  const { jobs } = parse(readFileSync(join(folder, "release.yml"), "utf8")) as Workflow;
  const first = Object.entries(jobs).filter(([, job]) => needsOf(job).length === 0);
  expect(first.map(([id, job]) => [id, job.steps?.at(-1)?.run])).toEqual([
    ["tag", "git merge-base --is-ancestor HEAD origin/main"],
  ]);
  expect(jobs["tag"]?.steps?.[0]?.with?.["fetch-depth"]).toBe(0);
  for (const [id, { permissions = {}, environment }] of Object.entries(jobs))
    if (Object.values(permissions).includes("write")) expect(environment, id).toBe("release");
});

test("only drift may write issues, with a token that the last step of its only job gets", () => {
  for (const file of files) {
    const { jobs, concurrency } = parse(readFileSync(file, "utf8")) as Workflow;
    for (const [id, { permissions = {}, steps = [] }] of Object.entries(jobs)) {
      if (basename(file) !== "drift.yml") {
        expect(permissions["issues"], `${file}: ${id}`).toBeUndefined();
        continue;
      }
      expect(permissions).toEqual({ contents: "read", issues: "write" });
      expect(steps.map(({ env }) => env !== undefined).lastIndexOf(true)).toBe(steps.length - 1);
      expect(steps.filter(({ env }) => env !== undefined)).toHaveLength(1);
      // Two runs at once would open two issues.
      expect(concurrency).toEqual({ group: "drift" });
    }
  }
});

const action = parse(readFileSync("action.yml", "utf8")) as Action;

/** The commands of a job, with those of our action for its target. */
function commandsOf({ steps = [] }: Partial<Job>): readonly string[] {
  return steps.flatMap(({ run, uses, with: given }) => {
    if (run !== undefined) return [run];
    if (uses !== "./.kovn-build") return [];
    const { target = "" } = (given ?? {}) as { readonly target?: string };
    // The matrix of a job has one target.
    const wanted = target === "" ? undefined : given?.["root"] === undefined ? "windows" : "linux";
    return action.runs.steps.flatMap((step) =>
      step.run === undefined || (step.if !== undefined && !step.if.includes(`'${wanted}'`)) ? [] : [step.run],
    );
  });
}

/** A command without what installs kovn-build in its own way, and without what only the action takes. */
function asInTemplate(commands: readonly string[]): readonly string[] {
  const installs = /^(npm .*\$GITHUB_ACTION_PATH.*|npm ci --ignore-scripts)$/;
  return commands
    .filter((command) => !installs.test(command))
    .map((command) =>
      command
        .replace(/^npx /, "")
        .replace(/"\$ROOT"|debian:12/, "ROOT")
        .replace(/ \$\{(ARCH|ONLY):[^}]*\}/g, "")
        .replace("${VERIFY:+--verify}", "--verify"),
    );
}

describe("the action and the workflow for other repositories", () => {
  const [ours, theirs] = [join(folder, "project.yml"), "templates/workflow.yml"].map(
    (file) => parse(readFileSync(file, "utf8")) as Workflow,
  );

  test("have the same jobs, machines, times, rights and commands as the workflow that `init` writes", () => {
    for (const id of ["plan", "linux", "windows"]) {
      const [own, other] = [ours?.jobs[id] ?? {}, theirs?.jobs[id] ?? {}];
      expect(asInTemplate(commandsOf(own)), id).toEqual(asInTemplate(commandsOf(other)));
      for (const key of ["runs-on", "container", "timeout-minutes", "permissions", "strategy", "needs", "if", "outputs"] as const)
        expect(own[key], `${id}: ${key}`).toEqual(other[key]);
      expect(uploadsOf(own)).toEqual(uploadsOf(other));
    }
    expect(Object.keys(ours?.jobs ?? {})).toEqual(["plan", "linux", "windows"]);
  });

  test("take the action of their own repository and commit, before they use it", () => {
    for (const [id, { steps = [] }] of Object.entries(ours?.jobs ?? {})) {
      const used = steps.findIndex(({ uses }) => uses === "./.kovn-build");
      const taken = steps.findIndex(({ with: given }) => given?.["path"] === ".kovn-build");
      expect(taken, id).toBeGreaterThan(0);
      expect(taken, id).toBeLessThan(used);
      expect(steps[taken]?.with).toEqual({
        repository: "${{ fromJSON(toJSON(job)).workflow_repository }}",
        ref: "${{ fromJSON(toJSON(job)).workflow_sha }}",
        path: ".kovn-build",
        "persist-credentials": false,
      });
    }
  });

  test("the action installs from its own checkout, pastes no input into a command, and describes each input", () => {
    const text = readFileSync("action.yml", "utf8");
    for (const step of action.runs.steps) {
      if (step.uses !== undefined) expect(step.uses).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40}$/);
      if (step.run === undefined) continue;
      expect(step.shell).toBe("bash");
      expect(step.run).toMatch(allowed);
      expect(step.run).not.toMatch(pasted);
      if (step.run.startsWith("npm ")) expect(step.run).toContain('"$GITHUB_ACTION_PATH"');
    }
    for (const [name, { description }] of Object.entries(action.inputs ?? {})) {
      expect(description, name).toMatch(/\w/);
      expect(text, name).toContain(`inputs.${name}`);
      expect(readFileSync("docs/ci.md", "utf8"), name).toContain(`| \`${name}\` |`);
    }
  });

  test("the page that shows them uses the same actions as the workflows", () => {
    const shown = readFileSync("docs/ci.md", "utf8").match(/uses: actions\/.*/g) ?? [];
    expect(shown.length).toBeGreaterThan(2);
    const used = new Set(files.flatMap((name) => readFileSync(name, "utf8").match(/uses: actions\/.*/g) ?? []));
    for (const line of [...shown, ...(readFileSync("action.yml", "utf8").match(/uses: actions\/.*/g) ?? [])])
      expect(used).toContain(line);
  });
});

/** What a person can type. */
const allowed =
  /^(npm (ci( --omit=dev)?( --ignore-scripts)?( --prefix "\$GITHUB_ACTION_PATH")?|test|run [\w:]+|run build --prefix "\$GITHUB_ACTION_PATH"|(pkg|pack|install|publish) [^]*)|mkdir npm|git describe [^]*|((npx( --prefix \w+ --no)? )?kovn-build|node build\/cli\.js) [^]*|git merge-base --is-ancestor HEAD origin\/main|bash \.ci\/run|chown root \.|sudo sysctl --write [\w.=]+|(sudo )?apt-get -q\w* (update|install) ?[\w -]*)$/;
/** More than one command, or an expression in a command. */
const pasted = /[\n;|&]|\$\{\{ *(inputs|github|needs|steps)\b/;

describe.each(files)("workflow %s", (file) => {
  const text = readFileSync(file, "utf8");
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
    for (const name of uses.filter((one) => one !== "./.kovn-build"))
      expect(name).toMatch(/^actions\/[a-z-]+(\/[a-z-]+)?@[0-9a-f]{40}$/);
    const lines = files.flatMap((name) => readFileSync(name, "utf8").match(/uses: actions\/.*/g) ?? []);
    for (const line of lines) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    // Actions of one repository, such as `actions/cache/save`, are of one commit.
    const pins = new Set(lines.map((line) => line.replace(/(actions\/[a-z-]+)[^@]*/, "$1")));
    expect(new Set([...pins].map((line) => line.replace(/@.*/, ""))).size).toBe(pins.size);
  });

  test("runs in containers by digest, the same one for each version of Node", () => {
    const images = files.flatMap((name) => readFileSync(name, "utf8").match(/\bnode:\d[^\s"]*/g) ?? []);
    for (const image of images) expect(image).toMatch(/^node:\d+-bookworm@sha256:[0-9a-f]{64}$/);
    expect(new Set(images).size).toBe(new Set(images.map((image) => image.replace(/@.*/, ""))).size);
    for (const [id, { container = images[0] ?? "", strategy }] of jobs) {
      if (container === "${{ matrix.image }}")
        expect(images, id).toEqual(expect.arrayContaining((strategy?.matrix as { image?: string[] } | undefined)?.image ?? [""]));
      else expect(images, id).toContain(container);
    }
  });

  test("compiles kovn-build in a job that neither builds packages nor publishes, and takes nothing from npm's cache", () => {
    for (const [id, job] of jobs) {
      const runs = (job.steps ?? []).flatMap((step) => step.run ?? []).filter((run) => run !== "chown root .");
      if (runs.some((run) => /^node build\/cli\.js (--target|publish) /.test(run))) {
        expect(runs[0], id).toBe("npm ci --omit=dev --ignore-scripts");
        expect(runs.slice(1).join("\n"), id).not.toMatch(/np[mx]/);
      }
    }
    for (const step of steps)
      if (step.uses?.startsWith("actions/setup-node@") === true) expect(step.with?.["package-manager-cache"]).toBe(false);
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
      if (job.uses?.endsWith("/build.yml") === true) expect(job.with?.["cache"]).toBe(basename(file) !== "release.yml");
    }
  });

  test("takes artifacts only that a job which it needs leaves", () => {
    for (const [id, job] of jobs)
      for (const step of job.steps ?? []) {
        if (step.uses?.startsWith("actions/download-artifact@") !== true) continue;
        const left = needsOf(job).flatMap((need) => uploadsOf(workflow.jobs[need] ?? {}));
        expect(left, id).toContain(step.with?.["name"] ?? step.with?.["pattern"]);
      }
  });

  test("has steps of one command that a person can type, and pastes no input into it", () => {
    for (const { run } of steps) {
      if (run === undefined) continue;
      expect(run).not.toMatch(pasted);
      const script = /^npm run ([\w:]+)/.exec(run)?.[1];
      if (script !== undefined) expect(scripts).toHaveProperty([script]);
      expect(run).toMatch(allowed);
    }
  });
});
