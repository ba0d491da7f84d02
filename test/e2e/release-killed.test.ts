import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { spawnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { inGit, writeFiles } from "../helpers/project.ts";
import { asPerson, makeRepository } from "../helpers/repository.ts";

/** Shell code of a hook that sends kovn-build, which runs git, a signal. */
const kill = (signal: string) => `
pid=$PPID
until tr '\\0' ' ' < /proc/$pid/cmdline | grep -q cli.js; do pid=$(sed -n 's/^PPid:\\s*//p' /proc/$pid/status); done
kill -${signal} $pid
`;

/** Runs a cut that a hook ends. */
const endedCut = async (project: string, ...options: readonly string[]) =>
  spawnBuild(project, ["release", "cut", "1.0.0", ...options], { HOME: join(project, "../home") });

/** A hook that runs once, when git has made the tag. */
const whenTagged = (code: string) => `#!/bin/sh\ntest "$1" = committed && grep -q refs/tags/v1.0.0 || exit 0\nrm "$0"\n${code}`;

/** What must be so after a cut, however often it was killed before. */
async function expectCut(project: string): Promise<void> {
  expect(await inGit(project, "log", "-2", "--format=%s")).toBe("Release 1.0.0\nFirst");
  expect(await inGit(project, "tag", "--list", "--points-at", "HEAD")).toBe("v1.0.0");
  expect(await inGit(project, "status", "--porcelain")).toBe("");
  const changelog = await readFile(join(project, "patches/1.0/CHANGELOG.md"), "utf8");
  expect(changelog.match(/^## 1\.0\.0 - /gm)).toHaveLength(1);
  expect(changelog).toContain("- Something.\n");
}

async function addRemote(folder: string, project: string): Promise<string> {
  const remote = join(folder, "remote.git");
  await inGit(folder, "init", "--quiet", "--bare", remote);
  await inGit(project, "remote", "add", "origin", remote);
  return remote;
}

describe("a cut", () => {
  test("that is interrupted right after the tag leaves nothing", async ({ folder }) => {
    const project = await makeRepository(folder);
    const before = await inGit(project, "rev-parse", "HEAD");
    await writeFiles(project, { ".git/hooks/reference-transaction": whenTagged(`${kill("INT")}exec sleep 60`) });
    expect(await endedCut(project)).toMatchObject({ exitCode: 130, stdout: "" });
    expect(await inGit(project, "tag", "--list")).toBe("");
    expect(await inGit(project, "rev-parse", "HEAD")).toBe(before);
    expect(await inGit(project, "status", "--porcelain")).toBe("");
    expect(await asPerson(project, "release", "cut", "1.0.0")).toMatchObject({ exitCode: 0 });
    await expectCut(project);
  });

  test("that is killed right after the tag is finished by the next one, and pushed", async ({ folder }) => {
    const project = await makeRepository(folder);
    const remote = await addRemote(folder, project);
    await writeFiles(project, { ".git/hooks/reference-transaction": whenTagged(kill("KILL")) });
    expect((await endedCut(project, "--push")).stdout).toBe("");
    const again = await asPerson(project, "release", "cut", "1.0.0", "--push");
    const head = await inGit(project, "rev-parse", "HEAD");
    expect(again).toMatchObject({ exitCode: 0, stdout: `v1.0.0  ${head}` });
    expect(again.stderr).toContain("notice: v1.0.0 is cut already.");
    await expectCut(project);
    expect(await inGit(remote, "rev-parse", "main", "v1.0.0^{commit}")).toBe(`${head}\n${head}`);
  });

  test("that is killed before it committed is finished by the next one", async ({ folder }) => {
    const project = await makeRepository(folder);
    await writeFiles(project, { ".git/hooks/pre-commit": `#!/bin/sh\nrm "$0"\n${kill("KILL")}exit 1\n` });
    expect((await endedCut(project)).stdout).toBe("");
    expect(await inGit(project, "status", "--porcelain")).toBe("M  patches/1.0/CHANGELOG.md");
    // A failure does not lose what was left.
    await writeFiles(project, { ".git/hooks/pre-commit": '#!/bin/sh\nrm "$0"\nexit 1\n' });
    expect(await asPerson(project, "release", "cut", "1.0.0")).toMatchObject({ exitCode: 1 });
    expect(await inGit(project, "status", "--porcelain")).toBe(" M patches/1.0/CHANGELOG.md");
    expect(await asPerson(project, "release", "cut", "1.0.0")).toMatchObject({ exitCode: 0 });
    await expectCut(project);
  });

  test("is not stopped by what killed runs left beside the files of the line, and removes its own", async ({ folder }) => {
    const project = await makeRepository(folder);
    const left = (name: string) => `patches/1.0/.${name}.kovn-0123456789abcdef.next`;
    await writeFiles(project, {
      [left("CHANGELOG.md")]: "half",
      [left("lock.json")]: "half",
      [`${left("demo")}/series`]: "half",
    });
    expect(await asPerson(project, "release", "cut", "1.0.0")).toMatchObject({ exitCode: 0 });
    expect(await inGit(project, "show", "--format=", "--name-only", "HEAD")).toBe("patches/1.0/CHANGELOG.md");
    expect(await inGit(project, "status", "--porcelain")).not.toContain("CHANGELOG");
  });

  test("whose push failed is pushed by the same command", async ({ folder }) => {
    const project = await makeRepository(folder);
    const remote = await addRemote(folder, project);
    await writeFiles(remote, { "hooks/update": "#!/bin/sh\nexit 1\n" });
    const failed = await asPerson(project, "release", "cut", "1.0.0", "--push");
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain("v1.0.0 exists, but was not pushed.");
    expect(failed.stderr).toContain("-> kovn-build release cut 1.0.0 --push, or git -C ");
    await writeFiles(remote, { "hooks/update": undefined });
    expect(await asPerson(project, "release", "cut", "1.0.0", "--push")).toMatchObject({ exitCode: 0 });
    await expectCut(project);
    expect(await inGit(remote, "tag", "--list")).toBe("v1.0.0");
    // And once more: nothing is left to do.
    expect(await asPerson(project, "release", "cut", "1.0.0", "--push")).toMatchObject({ exitCode: 0 });
  });
});
