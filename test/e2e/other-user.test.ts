import { chown, mkdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { test as inFolder } from "../helpers/folder.ts";
import { demo, inGit, makeProject, pipelineYaml, writeFiles } from "../helpers/project.ts";

/** These tests need files of two users. */
const test = inFolder.skipIf(process.getuid?.() !== 0);
const nobody = 65534;
const give = async (path: string) => execa("chown", ["--no-dereference", "--recursive", String(nobody), path]);
const plan = ["plan", "--target", "linux", "--unlocked"];
const build = ["--target", "linux", "--unlocked"];

describe("files of another user are refused, with the owner's name", () => {
  const samples: readonly (readonly [string, (folder: string, project: string) => Promise<unknown>, string])[] = [
    ["a project", async (_, project) => give(project), "project"],
    ["its pipelines", async (_, project) => give(join(project, "pipelines")), "project/pipelines"],
    ["a file in it", async (_, project) => give(join(project, "pipelines/test.yaml")), "project/pipelines/test.yaml"],
    ["a script of a series", async (_, project) => give(join(project, demo, "series")), `project/${demo}/series`],
    [
      "a link to pipelines of our own",
      async (folder, project) => {
        await rename(join(project, "pipelines"), join(folder, "mine"));
        await symlink(join(folder, "mine"), join(project, "pipelines"));
        await give(join(project, "pipelines"));
      },
      "project/pipelines",
    ],
    [
      "a link to their patches",
      async (folder, project) => {
        await rename(join(project, "patches"), join(folder, "theirs"));
        await symlink(join(folder, "theirs"), join(project, "patches"));
        await give(join(folder, "theirs"));
      },
      "project/patches",
    ],
    [
      "a work folder",
      async (_, project) => {
        await mkdir(join(project, ".kovn"));
        await chown(join(project, ".kovn"), nobody, nobody);
      },
      "project/.kovn",
    ],
    [
      "the mirrors in a work folder that all may write to",
      async (_, project) => {
        await mkdir(join(project, ".kovn/mirrors"), { recursive: true });
        await chown(join(project, ".kovn/mirrors"), nobody, nobody);
      },
      "project/.kovn/mirrors",
    ],
  ];
  for (const [name, change, place] of samples)
    test(name, async ({ folder }) => {
      const project = await makeProject(folder);
      await change(folder, project);
      const { exitCode, stderr } = await kovnBuild(project, plan);
      expect(stderr).toContain(`${join(folder, place)} belongs to user \`nobody\``);
      expect(stderr).toContain("-> git config --global --add safe.directory ");
      expect(exitCode).toBe(2);
    });

  test("a project above the current folder", async ({ folder }) => {
    const project = await makeProject(folder, { "pipelines/test.yaml": pipelineYaml("touch /tmp/ran") });
    await give(project);
    await mkdir(join(project, "mine"));
    expect(await kovnBuild(join(project, "mine"), build)).toMatchObject({ exitCode: 2 });
  });

  test("a mirror", async ({ folder }) => {
    const project = await makeProject(folder);
    await kovnBuild(project, build);
    await rm(join(project, ".kovn/cache"), { recursive: true });
    const { stdout } = await execa("ls", [join(project, ".kovn/mirrors")]);
    await give(join(project, ".kovn/mirrors", stdout));
    const { exitCode, stderr } = await kovnBuild(project, [...build, "--no-cache"]);
    expect(exitCode).toBeGreaterThan(0);
    expect(stderr).toContain("belongs to user `nobody`");
  });

  test("a tree, or the .git in it, from which patches are exported", async ({ folder }) => {
    const project = await makeProject(folder);
    await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    await inGit(join(project, "tree"), "config", "core.sshCommand", `touch ${folder}/ran`);
    await give(join(project, "tree/.git"));
    const { exitCode, stderr } = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(stderr).toContain("tree/.git belongs to user `nobody`");
    expect(exitCode).toBe(2);
    await give(join(project, "tree"));
    expect((await kovnBuild(project, ["patches", "export", "demo", "tree"])).stderr).toContain("tree belongs to user `nobody`");
  });
});

describe("files of another user are used", () => {
  test("by root who acts for them with sudo", async ({ folder }) => {
    const project = await makeProject(folder);
    await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    await give(project);
    const env = { SUDO_UID: String(nobody) };
    expect(await kovnBuild(project, build, env)).toMatchObject({ exitCode: 0 });
    expect(await kovnBuild(project, ["patches", "export", "demo", "tree"], env)).toMatchObject({ exitCode: 0 });
  });

  const settings: readonly (readonly [string, boolean, (project: string) => string])[] = [
    ["that git's configuration names as safe", true, (project) => `directory = ${project}`],
    ["of all users", true, () => "directory = *"],
    ["below a folder that is safe", true, (project) => `directory = ${join(project, "..")}/*`],
    ["not of another folder", false, (project) => `directory = ${project}x`],
    ["not when an empty value took it back", false, (project) => `directory = ${project}\n\tdirectory =`],
  ];
  for (const [name, works, setting] of settings)
    test(name, async ({ folder }) => {
      const project = await makeProject(folder);
      await give(project);
      await writeFiles(folder, { "home/.gitconfig": `[safe]\n\t${setting(project)}\n` });
      const { exitCode } = await kovnBuild(project, plan, { HOME: join(folder, "home") });
      expect(exitCode).toBe(works ? 0 : 2);
    });

  test("but not because they say so themselves", async ({ folder }) => {
    const project = await makeProject(folder);
    await inGit(project, "init", "--quiet");
    await inGit(project, "config", "safe.directory", "*");
    await give(project);
    expect(await kovnBuild(project, plan)).toMatchObject({ exitCode: 2 });
  });

  test("as a clone that sources come from, whose configuration runs nothing", async ({ folder }) => {
    const project = await makeProject(folder);
    await inGit(folder, "clone", "--quiet", "upstream", "it's theirs");
    const theirs = join(folder, "it's theirs");
    for (const key of ["uploadpack.packObjectsHook", "core.fsmonitor", "core.alternateRefsCommand", "core.sshCommand"])
      await inGit(theirs, "config", key, `touch ${folder}/ran`);
    await give(theirs);
    expect(await kovnBuild(project, [...build, "--from", `demo=${theirs}`])).toMatchObject({ exitCode: 0 });
    expect(await execa("ls", [join(folder, "ran")], { reject: false })).toMatchObject({ exitCode: 2 });
  });
});

test("git reads no configuration of the current folder", async ({ folder }) => {
  const project = await makeProject(folder);
  await inGit(project, "init", "--quiet");
  await inGit(project, "config", `url.${folder}/none.insteadOf`, join(folder, "upstream"));
  expect(await kovnBuild(project, build)).toMatchObject({ exitCode: 0 });
});
