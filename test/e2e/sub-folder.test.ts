import { access, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { readManifest } from "../../src/dist/manifest.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { demo, inGit, makeProject, sourceYaml } from "../helpers/project.ts";
import { asPerson, makeRepository, tag } from "../helpers/repository.ts";

/** Two dozen commands take minutes on a machine that has other work. */
const timeout = 10 * 60_000;

/** A project, a folder below it, and what runs a command there. */
async function makeBelow(folder: string) {
  const project = await makeRepository(folder);
  const below = join(project, demo);
  const run = async (...args: readonly string[]) => {
    const result = await kovnBuild(below, args);
    expect(result, args.join(" ")).toMatchObject({ exitCode: 0 });
    return result.stdout;
  };
  return { project, below, run };
}

test("from a folder below the project, every command uses the project's .kovn and dist", { timeout }, async ({ folder }) => {
  const { project, below, run } = await makeBelow(folder);
  const before = await readdir(below);
  const built = await run("--target", "linux");
  expect(built).toContain(join(project, "dist/linux/greeting.txt"));
  await run("plan", "--target", "linux");
  await run("doctor", "--target", "linux");
  await run("patches", "list");
  await run("patches", "check");
  await run("patches", "lock");
  expect(await run("cache", "list")).toContain("\n1 run of ");
  expect(await run("cache", "path")).toBe(join(project, ".kovn/cache"));
  await run("cache", "why", "--target", "linux");
  expect(await run("report")).toMatch(new RegExp(`^${project}/\\.kovn/runs/[^/]+/report\\.html$`));
  await tag(project, "v1.0.0");
  expect(await run("release", "plan", "--allow-unverified", "1.0.0")).toContain("greeting.txt");
  expect(await run("release", "notes", "1.0.0")).toContain("greeting.txt");
  expect(await readdir(below)).toEqual(before);
});

test("paths that a person types are relative to where they are", { timeout }, async ({ folder }) => {
  const { project, below, run } = await makeBelow(folder);
  const before = await readdir(below);
  await run("--target", "linux");
  await run("publish", "--allow-unverified", "--to", "dir=published", "--to", "tar=../demo.tar");
  await access(join(below, "published/greeting.txt"));
  await access(join(project, "patches/1.0/demo.tar"));
  await run("publish", "--allow-unverified", "../../../dist", "--to", "dir=published");
  await run("--target", "linux", "--out", "out", "--from", "demo=../../../../upstream");
  await access(join(below, "out/linux/greeting.txt"));
  await run("patches", "apply", "demo", "../tree");
  await run("patches", "export", "demo", "../tree");
  await run("report", "--out", "page.html", "--trace", "trace.json");
  expect((await readdir(below)).filter((name) => !before.includes(name))).toEqual([
    "out",
    "page.html",
    "published",
    "trace.json",
  ]);
});

test("a release is cut from a folder below the project", { timeout }, async ({ folder }) => {
  const project = await makeRepository(folder);
  const below = join(project, demo);
  expect(await asPerson(below, "release", "next")).toMatchObject({ exitCode: 0 });
  await mkdir(join(folder, "home"), { recursive: true });
  expect(await kovnBuild(below, ["release", "cut", "1.0.0"], { HOME: join(folder, "home") })).toMatchObject({ exitCode: 0 });
  expect(await inGit(project, "tag", "--list")).toBe("v1.0.0");
});

test("a relative upstream of source.yaml is relative to the project, from every folder", { timeout }, async ({ folder }) => {
  const project = await makeProject(folder, { [`${demo}/source.yaml`]: sourceYaml("../upstream") });
  const tree = join(folder, "tree");
  for (const [index, where] of [project, join(project, demo)].entries()) {
    const applied = await kovnBuild(where, ["patches", "apply", "demo", `${tree}${index}`]);
    expect(applied).toMatchObject({ exitCode: 0 });
    expect(await inGit(`${tree}${index}`, "remote", "get-url", "origin")).toBe(join(folder, "upstream"));
  }
  expect(await kovnBuild(join(project, demo), ["--target", "linux", "--unlocked"])).toMatchObject({ exitCode: 0 });
  expect((await readManifest(join(project, "dist/linux/artifacts.json"))).jobs[0]?.base).toMatchObject({ url: "../upstream" });
});
