import { resolve } from "node:path";
import { expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { makeTagged } from "../helpers/github-publish.ts";
import { startGitHub } from "../helpers/github.ts";

/** What only some commands need, and what costs time to load. */
const late = /^(octokit|undici|listr2)\//;

test("--help and plan load nothing of octokit, undici and listr2; publishing to GitHub does", async ({ folder }) => {
  const { project, commit } = await makeTagged(folder);
  await using server = await startGitHub({ tags: { "v1.0.0": commit } });
  const loads = async (args: readonly string[]) => {
    const hook = `--import ${resolve("test/helpers/print-loaded.mjs")}`;
    const { exitCode, stderr } = await kovnBuild(project, args, { ...server.env, NODE_OPTIONS: hook });
    const loaded = [...stderr.matchAll(/^loads (.*)$/gm)].map(([, name = ""]) => name);
    expect({ args, exitCode }).toEqual({ args, exitCode: 0 });
    expect(loaded.some((name) => name.startsWith("commander/"))).toBe(true);
    return new Set(loaded.flatMap((name) => late.exec(name)?.[1] ?? []));
  };
  for (const args of [["--help"], ["publish", "--help"], ["plan", "--target", "linux"], ["plan", "--target", "linux", "--json"]])
    expect([...(await loads(args))]).toEqual([]);
  expect([...(await loads(["publish", "--to", "github"]))].toSorted()).toEqual(expect.arrayContaining(["octokit", "undici"]));
});
