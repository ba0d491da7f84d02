import { expect } from "vitest";
import { cli, kovnBuild, run, type CliResult } from "./cli.ts";
import { sha256 } from "../../src/sys/files.ts";
import { contentOf } from "./content.ts";
import { writeFiles } from "./project.ts";
import { aManifest } from "./run-folder.ts";

const greeting = "of the last build\n";
const artifact = { file: "greeting.txt", size: greeting.length, sha256: sha256(greeting), job: "ovs" };

/** Files of an earlier build, which no failure may touch. */
const earlier = {
  "dist/linux/greeting.txt": greeting,
  "dist/linux/artifacts.json": JSON.stringify(aManifest([artifact])),
  ".kovn/mirrors/git-0000000000000000/HEAD": "ref: refs/heads/main\n",
};

/** How the program is run: further environment variables, and a program that starts it. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly wrap?: readonly string[];
}

/**
 * Runs the program in a project that was built before, and expects that it fails, says what to do,
 * and changes nothing.
 */
export async function complains(
  project: string,
  args: readonly string[],
  expected: { readonly exitCode: 1 | 2; readonly says: readonly string[] },
  { env = {}, wrap = [] }: Surroundings = {},
): Promise<CliResult> {
  await writeFiles(project, earlier);
  const before = await contentOf(project);
  const result =
    wrap.length === 0 ? await kovnBuild(project, args, env) : await run(project, [...wrap, process.execPath, cli, ...args], env);
  for (const text of expected.says) expect(result.stderr).toContain(text);
  expect(result.exitCode).toBe(expected.exitCode);
  expect(result.stderr).not.toMatch(/^ +at |bug in kovn-build|\bundefined\b|\[object/m);
  expect(result.stdout).toBe("");
  const after = await contentOf(project);
  // Wrong arguments and files are found before anything runs; later failures leave only work
  // folders.
  const isWork = ([path]: [string, string]) =>
    expected.exitCode === 1 && /^\.kovn(\/runs|\/mirrors|\/durations|\/cache|$)/.test(path) && !(path in before);
  expect(Object.fromEntries(Object.entries(after).filter((entry) => !isWork(entry)))).toEqual(before);
  return result;
}
