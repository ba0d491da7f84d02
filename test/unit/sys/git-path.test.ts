import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { gitPath } from "../../../src/sys/git-path.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { inGit, makeUpstream } from "../../helpers/project.ts";

test("the path of a file of git is the one that git says, in work trees, folders of them, and bare repositories", async ({
  folder,
}) => {
  const tree = join(folder, "tree");
  await makeUpstream(tree);
  await inGit(tree, "worktree", "add", "--quiet", "../added");
  await inGit(folder, "clone", "--quiet", "--bare", tree, "bare");
  await mkdir(join(tree, "lib/.git"), { recursive: true });
  const bare = join(folder, "bare");
  for (const name of ["MERGE_MSG", "rebase-apply/next", "objects"]) {
    for (const cwd of [tree, join(tree, "lib"), join(folder, "added")]) {
      const said = await inGit(cwd, "rev-parse", "--path-format=absolute", "--git-path", name);
      expect(await gitPath(name, { host, cwd })).toBe(said);
    }
    expect(await gitPath(name, { host, bare })).toBe(join(bare, name));
  }
});
