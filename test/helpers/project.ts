import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { copyFixture } from "./fixtures.ts";

/** Contents of files by path below a folder; `undefined` removes a file. */
export type Files = Readonly<Record<string, string | undefined>>;

/** Writes files. Those whose content starts with `#!` are executable. */
export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await rm(path, { force: true });
    if (content === undefined) continue;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    if (content.startsWith("#!")) await chmod(path, 0o755);
  }
}

/** The folder of the fixture source `demo` in a project made by `makeProject`. */
export const demo = "patches/1.0/demo";

/** The only commit of the repository that `makeUpstream` makes. */
export const pin = "6ed1afa7a74a011b87886fa6b6155f6dcc6f5159";

/**
 * A git repository with one commit, the same at every call: `greeting.txt`, `numbers.txt` (1 to 20)
 * and a link `way` to `lib/`.
 */
export async function makeUpstream(folder: string): Promise<string> {
  return copyFixture("upstream", folder, writeUpstream);
}

async function writeUpstream(folder: string): Promise<string> {
  const numbers = Array.from({ length: 20 }, (_, index) => `${index + 1}\n`).join("");
  await writeFiles(folder, { "greeting.txt": "hello\n", "numbers.txt": numbers, "lib/code.c": "int main;\n" });
  await symlink("lib", join(folder, "way"));
  await inGit(folder, "init", "--quiet", "--initial-branch=main");
  return commitAll(folder, "First");
}

/** Commits all files of a repository with a fixed author and date, and returns the commit's id. */
export async function commitAll(folder: string, message: string): Promise<string> {
  await inGit(folder, "add", "--all");
  await inGit(folder, "commit", "--quiet", "--message", message);
  return inGit(folder, "rev-parse", "HEAD");
}

/** Runs git with a fixed user, without the configuration of this machine. */
export async function inGit(folder: string, ...args: readonly string[]): Promise<string> {
  const env = {
    PATH: process.env["PATH"] ?? "",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    // No sample hooks, and no second program that looks for what to clean up.
    GIT_TEMPLATE_DIR: "",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "maintenance.auto",
    GIT_CONFIG_VALUE_0: "false",
    GIT_AUTHOR_NAME: "Upstream",
    GIT_AUTHOR_EMAIL: "upstream@example.com",
    GIT_AUTHOR_DATE: "1700000000 +0100",
    GIT_COMMITTER_NAME: "Upstream",
    GIT_COMMITTER_EMAIL: "upstream@example.com",
    GIT_COMMITTER_DATE: "1700000000 +0100",
    TZ: "UTC",
    LC_ALL: "C",
  };
  const { stdout } = await execa("git", ["-C", folder, ...args], { env, extendEnv: false });
  return stdout;
}

/** A mail as `git format-patch` writes it: a valid header and valid fields around a diff. */
export function mail(subject: string, diff: string, changes: Readonly<Record<string, string>> = {}): string {
  const { Fields = "Origin: vendor\nForwarded: no\nSeed: none\nLast-Update: 2026-11-22", ...header } = changes;
  const head = { From: "Pat Cher <pat@example.com>", Date: "Sun, 22 Nov 2026 12:00:00 +0300", ...header };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\n`);
  return `From ${"0".repeat(40)} Mon Sep 17 00:00:00 2001\n${lines.join("")}Subject: [PATCH] ${subject}\n\nWhy.\n\n${Fields}\n---\n\n${diff}`;
}

/** A diff that replaces the only line of a file. */
export function replaceLine(file: string, before: string, after: string): string {
  return `diff --git a/${file} b/${file}\n--- a/${file}\n+++ b/${file}\n@@ -1 +1 @@\n-${before}\n+${after}\n`;
}

/** A diff that adds a file of one line. Mode 120000 adds a symbolic link to `line`. */
export function newFile(file: string, line: string, mode = "100644"): string {
  const end = mode === "120000" ? "\n\\ No newline at end of file\n" : "\n";
  return `diff --git a/${file} b/${file}\nnew file mode ${mode}\n--- /dev/null\n+++ b/${file}\n@@ -0,0 +1 @@\n+${line}${end}`;
}

/** The `source.yaml` of the fixture source. */
export function sourceYaml(upstream: string, more = ""): string {
  return `upstream: ${upstream}\nbranch: main\ncommit: ${pin}\nversion: 1.2.3\nrevision: 1\n${more}`;
}

/** A pipeline with one job, `demo`, whose only step runs a shell script in the patched source. */
export function pipelineYaml(script: string, artifacts = "*.txt"): string {
  const indented = script.replaceAll(/^/gm, "            ");
  return `name: test
target: linux
flags: { default: { amd64: -O2, arm64: -O2 } }
jobs:
  demo:
    source: demo
    steps:
      - uses: shell
        with:
          script: |
${indented}
    artifacts: ['${artifacts}']
`;
}

/** What makes the job of `makeProject` one that makes packages, with one packaging patch, of the day after the series. */
export const packaging: Files = {
  "pipelines/test.yaml": pipelineYaml("cp greeting.txt ../out/").concat("    packaging: true\n"),
  [`${demo}/packaging/series`]: "greet-packages.patch\n",
  [`${demo}/packaging/greet-packages.patch`]: mail(
    "Greet packages",
    replaceLine("greeting.txt", "hello all worlds", "hello packages"),
    { Date: "Mon, 23 Nov 2026 12:00:00 +0300" },
  ),
};

/**
 * Makes a project in `<folder>/project`: line 1.0 with a source `demo` of two patches, a pipeline
 * whose artifact is the patched greeting.txt, and an upstream in `<folder>/upstream`. `files`
 * overwrite its files.
 */
export async function makeProject(folder: string, files: Files = {}): Promise<string> {
  await makeUpstream(join(folder, "upstream"));
  return writeProject(folder, files);
}

/** Makes the project of `makeProject` without its upstream. */
export async function writeProject(folder: string, files: Files = {}): Promise<string> {
  const project = join(folder, "project");
  await writeFiles(project, {
    "pipelines/test.yaml": pipelineYaml("cp greeting.txt ../out/"),
    "patches/seed.yaml": `- { entry: 1, source: demo, repository: kubeovn/demo, commit: ${"a".repeat(40)}, title: Greet the world }\n`,
    [`${demo}/source.yaml`]: sourceYaml(join(folder, "upstream")),
    [`${demo}/series`]: "greet-world.patch\ngreet-all.patch\n",
    [`${demo}/greet-world.patch`]: mail("Greet the world", replaceLine("greeting.txt", "hello", "hello world"), {
      Fields: "Origin: vendor\nForwarded: no\nSeed: aaaaaaaaaa\nLast-Update: 2026-11-22",
    }),
    [`${demo}/greet-all.patch`]: mail("Greet all", replaceLine("greeting.txt", "hello world", "hello all worlds")),
    ...files,
  });
  return project;
}
