import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, lstat, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { cli, kovnBuild, run } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { makeDist } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import { until } from "../helpers/processes.ts";
import { makeProject, writeFiles } from "../helpers/project.ts";

/** Two users who are not root. */
const [one, two] = [65_534, 65_533];

/** Starts a program as another user, without any right of root (setpriv(1)). */
const as = (uid: number) => ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--inh-caps=-all"];
const canSwitch = process.getuid?.() === 0 && spawnSync("setpriv", [...as(one).slice(1), "true"]).status === 0;

/** A project that everybody can read and whose files belong to `owner`, and a folder of user `one`. */
async function makeShared(folder: string, owner: number): Promise<{ project: string; env: Record<string, string> }> {
  const project = await makeProject(folder);
  await execa("chown", ["--recursive", `${owner}:${owner}`, folder]);
  await execa("chmod", ["--recursive", "a+rX", folder]);
  await mkdir(join(folder, "home"));
  await chown(join(folder, "home"), one, one);
  return { project, env: { HOME: join(folder, "home"), TMPDIR: join(folder, "home") } };
}

describe.runIf(canSwitch)("a user who is not root (needs root and setpriv)", () => {
  test("runs nothing of a third user's project, and changes nothing there", async ({ folder }) => {
    const { project, env } = await makeShared(folder, two);
    const before = await contentOf(project);
    for (const args of [
      ["plan", "--target", "linux"],
      ["--target", "linux"],
      ["patches", "check"],
      ["release", "next"],
    ]) {
      const result = await run(project, [...as(one), process.execPath, cli, ...args], env);
      expect(result, args.join(" ")).toMatchObject({ exitCode: 2, stdout: "" });
      expect(result.stderr).toMatch(/ belongs to user with id 65533, /);
    }
    expect(await contentOf(project)).toEqual(before);
  });

  test("uses their own project, and root's", async ({ folder }) => {
    for (const owner of [one, 0]) {
      const { project, env } = await makeShared(join(folder, String(owner)), owner);
      await chmod(folder, 0o755);
      const plan = [...as(one), process.execPath, cli, "plan", "--target", "linux"];
      expect(await run(project, plan, env)).toMatchObject({ exitCode: 0 });
    }
  });

  test("removes a half made root with folders of another id, also when the run was stopped", async ({ folder }) => {
    const tree = join(folder, "mine/tree");
    await mkdir(join(tree, "man/cat"), { recursive: true });
    await execa("chown", ["--recursive", `${one}:${one}`, join(folder, "mine")]);
    await execa("chown", ["--recursive", `${two}:${two}`, join(tree, "man")]);
    // Stands for a namespace in which this user has the other id.
    await writeFiles(folder, { "bin/unshare": '#!/bin/sh\nfor tree; do :; done\nmv "$tree" "$tree.removed"\n' });
    await execa("chmod", ["--recursive", "a+rX", folder]);
    const script = `import { removeTree } from ${JSON.stringify(join(dirname(cli), "root/remove-tree.js"))};
      await removeTree(process.argv[1], { env: process.env, signal: AbortSignal.abort(), task: {} });`;
    const remove = [...as(one), process.execPath, "--input-type=module", "--eval", script, tree];
    expect(await run(folder, remove, { PATH: `${folder}/bin:${process.env["PATH"] ?? ""}` })).toMatchObject({ exitCode: 0 });
    expect(await readdir(join(folder, "mine"))).toEqual(["tree.removed"]);
  });

  test("takes over nothing that root publishes to a folder where anybody may write", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    const shared = join(folder, "shared");
    await mkdir(shared);
    await chmod(shared, 0o1777);
    await chmod(folder, 0o755);
    await writeFile(join(folder, "mine"), "mine\n");
    await mkdir(join(folder, "own"));
    // Takes every name that can be seen or guessed: by a folder, a link to root's, and once in a while
    // by nothing.
    const script = `cd shared
n=0
until [ -e ../stop ]; do
  n=$((n % 40 + 1))
  case $((n % 3)) in
    0) mkdir rel$n ;;
    1) ln -s ../own rel$n ;;
  esac
  for name in .rel$n.lock .rel*.next .rel*.next/* rel*/*; do ln -s ../mine "$name"; mkdir "$name"; rm -r "$name"; done
  [ $n -lt 40 ] || : > ready
done 2> /dev/null`;
    const attacker = spawn(as(one)[0] ?? "", [...as(one).slice(1), "sh", "-c", script], { cwd: folder, stdio: "ignore" });
    const ended = new Promise((resolve) => void attacker.once("exit", resolve));
    try {
      await until("the other user is at work", () => existsSync(join(shared, "ready")));
      for (const number of [9, 10, 11, 20]) {
        const place = join(shared, `rel${number}`);
        const { exitCode, stderr } = await kovnBuild(folder, ["publish", dist, "--to", `dir=${place}`]);
        if (exitCode !== 0) {
          expect(stderr).toMatch(
            /belongs to user 65534|in the place of a lock file|is not a readable folder|holds something else/,
          );
          continue;
        }
        for (const path of [place, ...(await readdir(place)).map((name) => join(place, name))])
          expect((await lstat(path)).uid, path).toBe(0);
        expect(await readFile(join(place, "SHA256SUMS"), "utf8")).toMatch(/^[0-9a-f]{64} {2}/);
      }
    } finally {
      await writeFile(join(folder, "stop"), "");
      await ended;
    }
    expect(await readFile(join(folder, "mine"), "utf8")).toBe("mine\n");
    expect(await readdir(join(folder, "own"))).toEqual([]);
  });
});
