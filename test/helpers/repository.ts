import { join } from "node:path";
import { readSource } from "../../src/config/source.ts";
import type { BuiltJob } from "../../src/dist/manifest.ts";
import { kovnBuild, type CliResult } from "./cli.ts";
import { host } from "./host.ts";
import { commitAll, inGit, makeProject, writeFiles, type Files } from "./project.ts";

/** The configuration of a person. */
export const identity = "[user]\n\tname = Rel Ease\n\temail = rel@example.com\n";

/**
 * The fixture project as a git repository with one commit, its series locked, and a person in
 * ~/.gitconfig.
 */
export async function makeRepository(folder: string, files: Files = {}): Promise<string> {
  const project = await makeProject(folder, {
    ".gitignore": ".kovn/\ndist/\n",
    ".gitconfig": undefined,
    "CHANGELOG.md": "# Changelog of the tool\n",
    "patches/1.0/CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- Something.\n",
    ...files,
  });
  await kovnBuild(project, ["patches", "lock"]);
  await inGit(project, "init", "--quiet", "--initial-branch=main");
  await commitAll(project, "First");
  await writeFiles(folder, { "home/.gitconfig": identity });
  return project;
}

/** Runs the program as the person of the repository. */
export async function asPerson(project: string, ...args: readonly string[]): Promise<CliResult> {
  return kovnBuild(project, args, { HOME: join(project, "../home") });
}

/** Makes tags at HEAD. */
export async function tag(project: string, ...names: readonly string[]): Promise<void> {
  for (const name of names) await inGit(project, "tag", name);
}

/** What a job was built from that built the project's `demo` as it is now. */
export async function builtFrom(project: string): Promise<Pick<BuiltJob, "baseCommit" | "revision" | "series">> {
  const { commit, revision, patches } = await readSource({ root: project, work: "" }, "1.0", "demo", host);
  const series = patches.map(({ name, sha256, seed, subject }) => ({ name, sha256, seed, subject, patchId: "", origin: "" }));
  return { baseCommit: commit, revision, series };
}
