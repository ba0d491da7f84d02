import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { readManifest } from "../../src/dist/manifest.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { inGit, makeProject, writeFiles } from "../helpers/project.ts";
import { identity, makeRepository } from "../helpers/repository.ts";

/** An executable that writes its environment to the file `seen`, then runs a script. */
async function spy(folder: string, script: string): Promise<string> {
  const path = join(folder, "spy.sh");
  await writeFiles(folder, { "spy.sh": `#!/bin/sh\nenv > '${folder}/seen'\n${script}\n` });
  await chmod(path, 0o755);
  return path;
}

async function seen(folder: string): Promise<string> {
  return readFile(join(folder, "seen"), "utf8");
}

/** The patched commit of the only job of a build. */
async function patchedCommit(project: string): Promise<string | undefined> {
  return (await readManifest(join(project, "dist/linux/artifacts.json"))).jobs[0]?.patchedCommit;
}

describe("release cut acts as the person's git would", () => {
  const name = "Bot <bot@example.com>";
  const [author, committer] = ["AUTHOR", "COMMITTER"].map((who) => ({
    [`GIT_${who}_NAME`]: "Bot",
    [`GIT_${who}_EMAIL`]: "bot@example.com",
  }));
  const entry = (index: number, key: string, value: string) => ({
    [`GIT_CONFIG_KEY_${index}`]: key,
    [`GIT_CONFIG_VALUE_${index}`]: value,
  });
  const ways: readonly (readonly [string, (folder: string) => Readonly<Record<string, string>>])[] = [
    ["GIT_AUTHOR_NAME and the like", () => ({ ...author, ...committer })],
    ["XDG_CONFIG_HOME", (folder) => ({ XDG_CONFIG_HOME: join(folder, "xdg") })],
    ["GIT_CONFIG_GLOBAL", (folder) => ({ GIT_CONFIG_GLOBAL: join(folder, "xdg/git/config") })],
    ["GIT_CONFIG_SYSTEM", (folder) => ({ GIT_CONFIG_SYSTEM: join(folder, "xdg/git/config") })],
    [
      "GIT_CONFIG_COUNT",
      () => ({ GIT_CONFIG_COUNT: "2", ...entry(0, "user.name", "Bot"), ...entry(1, "user.email", "bot@example.com") }),
    ],
    ["EMAIL", () => ({ GIT_AUTHOR_NAME: "Bot", GIT_COMMITTER_NAME: "Bot", EMAIL: "bot@example.com" })],
  ];
  for (const [what, env] of ways)
    test(`with ${what}`, async ({ folder }) => {
      const project = await makeRepository(folder);
      await writeFiles(folder, { "xdg/git/config": identity.replace("Rel Ease", "Bot").replace("rel@", "bot@") });
      const result = await kovnBuild(project, ["release", "cut", "1.0.0"], { HOME: join(folder, "nobody"), ...env(folder) });
      expect(result).toMatchObject({ exitCode: 0 });
      expect(await inGit(project, "log", "-1", "--format=%an <%ae>, %cn <%ce>")).toBe(`${name}, ${name}`);
    });

  test("signs on the person's terminal, and works on no other repository", async ({ folder }) => {
    const project = await makeRepository(folder);
    const gpg = await spy(folder, "cat > /dev/null; echo '[GNUPG:] SIG_CREATED ' >&2; echo signature");
    await writeFiles(folder, { "home/.gitconfig": `${identity}[tag]\n\tgpgSign = true\n[gpg]\n\tprogram = ${gpg}\n` });
    const env = { HOME: join(folder, "home"), GPG_TTY: "/dev/pts/77", GIT_DIR: join(folder, "upstream/.git"), MINE: "yes" };
    expect(await kovnBuild(project, ["release", "cut", "1.0.0"], env)).toMatchObject({ exitCode: 0 });
    expect(await seen(folder)).toContain("GPG_TTY=/dev/pts/77\n");
    expect(await seen(folder)).toContain("MINE=yes\n");
    expect(await inGit(project, "tag", "--list")).toBe("v1.0.0");
    expect(await inGit(join(folder, "upstream"), "tag", "--list")).toBe("");
  });

  test("pushes to the remote that the configuration names, with GIT_SSH_COMMAND", async ({ folder }) => {
    const project = await makeRepository(folder);
    for (const remote of ["origin", "fork"]) {
      await inGit(folder, "init", "--quiet", "--bare", `${remote}.git`);
      await inGit(project, "remote", "add", remote, `ssh://git@host.invalid${folder}/${remote}.git`);
    }
    await writeFiles(folder, { "home/.gitconfig": `${identity}[remote]\n\tpushDefault = fork\n` });
    const ssh = await spy(folder, 'shift; while [ $# -gt 1 ]; do shift; done; eval "$1"');
    const env = { HOME: join(folder, "home"), GIT_SSH_COMMAND: ssh };
    expect(await kovnBuild(project, ["release", "cut", "1.0.0", "--push"], env)).toMatchObject({ exitCode: 0 });
    expect(await inGit(join(folder, "fork.git"), "for-each-ref", "--format=%(refname)")).toBe(
      "refs/heads/main\nrefs/tags/v1.0.0",
    );
    expect(await inGit(join(folder, "origin.git"), "for-each-ref")).toBe("");
  });
});

describe("a fetch reaches a remote as the person's git would", () => {
  const url = "ssh://git@host.invalid/demo.git";
  const build = (project: string, env: Readonly<Record<string, string>>, from = url) =>
    kovnBuild(project, ["--target", "linux", "--unlocked", "--no-cache", "--from", `demo=${from}`], env);

  test("with GIT_SSH_COMMAND and what it uses, but with no variable that changes the result", async ({ folder }) => {
    const project = await makeProject(folder);
    const ssh = await spy(folder, `shift; while [ $# -gt 1 ]; do shift; done; exec git upload-pack '${folder}/upstream'`);
    const other = { GIT_AUTHOR_NAME: "X", GIT_DIR: "/nowhere", GIT_CONFIG_COUNT: "x", TZ: "Asia/Tokyo", LC_ALL: "de_DE.UTF-8" };
    const result = await build(project, { GIT_SSH_COMMAND: `"$SPY"`, SPY: ssh, ...other });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(await seen(folder)).not.toMatch(/^GIT_AUTHOR_NAME|Tokyo|de_DE/m);
    const plain = await makeProject(join(folder, "plain"));
    await build(plain, {}, join(folder, "upstream"));
    expect(await patchedCommit(project)).toBe(await patchedCommit(plain));
  });

  test("with secrets only where a program of the person may need them", async ({ folder }) => {
    const project = await makeProject(folder);
    const git = await spy(folder, 'PATH=${PATH#*:} exec git "$@"');
    await writeFiles(folder, {
      "bin/git": `#!/bin/sh\ncase "$*" in *fetch*|*ls-remote*) exec '${git}' "$@";; esac\nPATH=\${PATH#*:} exec git "$@"\n`,
    });
    await chmod(join(folder, "bin/git"), 0o755);
    const env = { PATH: `${join(folder, "bin")}:${process.env["PATH"]}`, GITHUB_TOKEN: "ghs_value-of-token", MARK: "yes" };
    expect(await build(project, env, join(folder, "upstream"))).toMatchObject({ exitCode: 0 });
    expect(await seen(folder)).toContain("MARK=yes\n");
    expect(await seen(folder)).not.toContain("value-of-token");
    const other = await makeProject(join(folder, "other"));
    const asked = await build(other, { ...env, GIT_ASKPASS: "/bin/false" }, join(folder, "other/upstream"));
    expect(asked).toMatchObject({ exitCode: 0 });
    expect(await seen(folder)).toContain("GITHUB_TOKEN=ghs_value-of-token\n");
  });

  const settings: readonly (readonly [name: string, from: string, config: string])[] = [
    ["url.*.insteadof", "http://127.0.0.1:1/demo.git", '[url "http://TOKEN@127.0.0.1:1/"]\n\tinsteadOf = http://127.0.0.1:1/\n'],
    ["http.sslcainfo", "http://127.0.0.1:1/demo.git", "[http]\n\tsslCAInfo = TOKEN\n"],
    ["credential.helper", "http://127.0.0.1:1/demo.git", '[credential "http://127.0.0.1:1"]\n\thelper = TOKEN\n'],
    ["core.sshcommand", url, "[core]\n\tsshCommand = TOKEN\n"],
  ];
  for (const [name, from, config] of settings)
    test(`and when it fails, says that it did not read ${name}, and shows no value`, async ({ folder }) => {
      const project = await makeProject(folder);
      const others = '[url "x:"]\n\tinsteadOf = y:\n[credential "https://example.com"]\n\thelper = store\n';
      await writeFiles(folder, { "home/.gitconfig": `${others}${config}`, "other/.gitconfig": others });
      const env = (home: string) => ({ HOME: join(folder, home), GIT_CONFIG_NOSYSTEM: "1", GIT_SSH_COMMAND: "false" });
      const failed = await build(project, env("home"), from);
      expect(failed).toMatchObject({ exitCode: 1 });
      expect(failed.stderr).toContain(`Your git configuration has \`${name}\`, which kovn-build does not read: clone the`);
      expect(failed.stderr).not.toContain("TOKEN");
      expect((await build(project, env("other"), from)).stderr).not.toContain("configuration");
    });
});
