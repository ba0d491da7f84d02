import { join } from "node:path";
import { describe, expect } from "vitest";
import { cli, run } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { makeProject, writeFiles } from "../helpers/project.ts";

/** The commit of the fixture project's series, the same on every machine. */
const patchedCommit = "27d8a9ae98b367a69803edc50d0de6e3efc0b932";

/** Each line would change what `git am`, `checkout` or `commit-tree` make, if git read it. */
const gitconfig = (folder: string) => `[user]
  name = Somebody
  email = somebody@example.com
[core]
  autocrlf = true
  hooksPath = ${folder}/hooks
  attributesFile = ${folder}/attributes
  abbrev = 4
[commit]
  gpgSign = true
[init]
  templateDir = ${folder}/template
  defaultBranch = trunk
[apply]
  whitespace = fix
  ignoreWhitespace = change
[am]
  threeWay = true
  messageId = true
  keepcr = false
[mailinfo]
  scissors = true
[i18n]
  commitEncoding = ISO-8859-1
[trailer "by"]
  key = Built-By
[diff]
  noprefix = true
[url "https://nowhere.example.com/"]
  insteadOf = /
`;
const hook = "#!/bin/sh\nexit 1\n";

const environments: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  ["a plain environment", {}, "022"],
  ["another locale", { LANG: "de_DE.UTF-8", LC_ALL: "de_DE.UTF-8", LANGUAGE: "de" }, "022"],
  ["another time zone", { TZ: "Asia/Kathmandu" }, "022"],
  ["a narrow umask", {}, "077"],
  ["an open umask", {}, "000"],
  [
    "git's variables",
    {
      GIT_DIR: "/nowhere",
      GIT_WORK_TREE: "/nowhere",
      GIT_INDEX_FILE: "/nowhere/index",
      GIT_AUTHOR_NAME: "Somebody",
      GIT_AUTHOR_DATE: "1",
      GIT_COMMITTER_NAME: "Somebody",
      GIT_COMMITTER_EMAIL: "somebody@example.com",
      GIT_COMMITTER_DATE: "1",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "core.autocrlf",
      GIT_CONFIG_VALUE_0: "true",
    },
    "022",
  ],
];

const applyPatches = async (project: string, home: string, env: Readonly<Record<string, string>>, umask: string) => {
  const script = `umask ${umask}; exec "$@"`;
  const args = ["sh", "-c", script, "sh", process.execPath, cli, "patches", "apply", "demo", "tree"];
  return run(project, args, { HOME: home, XDG_CONFIG_HOME: join(home, "xdg"), ...env });
};

describe("the patched commit is the same", () => {
  test.for(environments)("in %s, whatever the user's git configuration is", async ([, env, umask], { folder }) => {
    const home = join(folder, "home");
    await writeFiles(home, {
      ".gitconfig": gitconfig(home),
      "xdg/git/config": gitconfig(home),
      "xdg/git/attributes": "* text eol=crlf\n",
      attributes: "* text eol=crlf\n",
      "hooks/applypatch-msg": hook,
      "hooks/pre-applypatch": hook,
      "hooks/post-checkout": hook,
      "template/hooks/applypatch-msg": hook,
    });
    const result = await applyPatches(await makeProject(folder), home, env, umask);
    expect(result).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining("notice") as unknown });
    expect(result.stdout.split(" ")[0]).toBe(patchedCommit);
  });
});
