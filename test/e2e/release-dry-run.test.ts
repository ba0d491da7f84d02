import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { inGit, writeFiles } from "../helpers/project.ts";
import { asPerson, makeRepository } from "../helpers/repository.ts";

/** All that a project and its remote hold. Git may write what it knows of files' times into its index. */
async function stateOf(...folders: readonly string[]): Promise<readonly unknown[]> {
  const states = await Promise.all(folders.map(contentOf));
  const isState = ([path]: [string, string]) => !/^(\.kovn(\/|$)|\.git\/index$)/.test(path);
  return states.map((state) => Object.fromEntries(Object.entries(state).filter(isState)));
}

/** The fixture project, and an empty remote of it. */
async function makePushed(folder: string) {
  const project = await makeRepository(folder);
  const remote = join(folder, "remote.git");
  await inGit(folder, "init", "--quiet", "--bare", remote);
  await inGit(project, "remote", "add", "origin", remote);
  return { project, remote };
}

describe("release cut --dry-run", () => {
  test("shows changelog, commit, tag and push, writes nothing, and a cut does that", async ({ folder }) => {
    const { project, remote } = await makePushed(folder);
    const before = await stateOf(project, remote);
    const args = ["release", "cut", "1.0.0", "--push"];
    const { exitCode, stdout } = await asPerson(project, ...args, "--dry-run");
    expect(exitCode).toBe(0);
    expect(await stateOf(project, remote)).toEqual(before);
    const today = new Date().toISOString().slice(0, 10);
    expect(stdout).toBe(`v1.0.0: Kube-OVN 1.0.0: demo 1.2.3 (nothing is written)
  commit    Release 1.0.0
  tag       v1.0.0
  replaced  patches/1.0/CHANGELOG.md
  push      origin: refs/heads/main and v1.0.0

## 1.0.0 - ${today}

- Something.

### Patch series

- demo: added \`greet-world.patch\`: Greet the world
- demo: added \`greet-all.patch\`: Greet all`);
    const json = JSON.parse((await asPerson(project, ...args, "--dry-run", "--json")).stdout) as {
      readonly tag: string;
      readonly name: string;
      readonly subject: string;
      readonly changelog: { readonly path: string; readonly text: string };
    };
    expect(await stateOf(project, remote)).toEqual(before);
    expect(json).toMatchObject({ schema: 1, dryRun: true, push: { name: "origin", branch: "refs/heads/main" } });

    const cut = await asPerson(project, ...args, "--json");
    const head = await inGit(project, "rev-parse", "HEAD");
    expect(JSON.parse(cut.stdout)).toEqual({ schema: 1, tag: json.tag, commit: head });
    expect(await inGit(project, "log", "-1", "--format=%s")).toBe(json.subject);
    expect(await inGit(project, "log", "-1", "--format=", "--name-only")).toBe(json.changelog.path);
    expect(await inGit(project, "tag", "--list", "--format=%(contents:subject)", json.tag)).toBe(json.name);
    expect(await readFile(join(project, json.changelog.path), "utf8")).toContain(json.changelog.text);
    expect(await inGit(remote, "for-each-ref", "--format=%(refname)")).toBe("refs/heads/main\nrefs/tags/v1.0.0");
  });

  test("says what is left of a cut that was not pushed, and that a changelog is new", async ({ folder }) => {
    const { project, remote } = await makePushed(folder);
    expect(await asPerson(project, "release", "cut", "1.0.0")).toMatchObject({ exitCode: 0 });
    const before = await stateOf(project, remote);
    const left = await asPerson(project, "release", "cut", "1.0.0", "--push", "--dry-run");
    expect(left).toMatchObject({ exitCode: 0 });
    expect(left.stdout).toBe("v1.0.0: is cut already (nothing is written)\n  push      origin: refs/heads/main and v1.0.0");
    expect(await stateOf(project, remote)).toEqual(before);
    await inGit(project, "rm", "--quiet", "patches/1.0/CHANGELOG.md");
    await inGit(project, "commit", "--quiet", "--message=Drop it");
    await inGit(project, "tag", "--delete", "v1.0.0");
    const { stdout } = await asPerson(project, "release", "cut", "1.0.0", "--dry-run");
    expect(stdout).toContain("  new       patches/1.0/CHANGELOG.md\n");
  });

  test("refuses what a cut refuses", async ({ folder }) => {
    const project = await makeRepository(folder);
    await writeFiles(project, { "stray.txt": "" });
    const before = await stateOf(project);
    for (const args of [["1.0.0"], ["1.0.0", "--push"], ["9.0.0"]])
      expect(await asPerson(project, "release", "cut", ...args, "--dry-run")).toMatchObject({ exitCode: 2, stdout: "" });
    expect(await stateOf(project)).toEqual(before);
  });
});
