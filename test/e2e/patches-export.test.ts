import { chmod, mkdir, readFile, readdir, rename, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect } from "vitest";
import { stagingOf } from "../../src/sys/staging.ts";
import { makeBin } from "../helpers/bin.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { commitAll, demo, inGit, mail, makeProject, newFile, pin, replaceLine, sourceYaml } from "../helpers/project.ts";
import { applyTree, commitFile, commitStaged, commitsOf, fields } from "../helpers/tree.ts";

/** Exports a tree that must be refused, and checks that nothing was written. Returns the message. */
async function refusal(project: string, ...args: readonly string[]): Promise<string> {
  const before = await contentOf(join(project, "patches"));
  const result = await kovnBuild(project, ["patches", "export", ...args]);
  expect(result).toMatchObject({ exitCode: 2, stdout: "" });
  expect(await contentOf(join(project, "patches"))).toEqual(before);
  return result.stderr;
}

/** Exports a tree, applies the series again, and checks that it makes the same commits. */
async function roundTrip(project: string, tree: string): Promise<string> {
  const result = await kovnBuild(project, ["patches", "export", "demo", tree]);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  expect(await commitsOf(await applyTree(project, "again"))).toEqual(await commitsOf(tree));
  return result.stdout;
}

describe("patches export", () => {
  test("writes nothing after apply", async ({ folder }) => {
    const project = await makeProject(folder);
    const before = await contentOf(join(project, demo));
    expect(await kovnBuild(project, ["patches", "apply", "demo", "tree"])).toMatchObject({ exitCode: 0 });
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result).toMatchObject({ exitCode: 0, stdout: "2 of 2 patches unchanged" });
    expect(await contentOf(join(project, demo))).toEqual(before);
  });

  test("applies the patches before the first change at once, and each later one by itself", async ({ folder }) => {
    const series = ["greet-world.patch", "greet-all.patch", "one.patch", "two.patch"];
    const project = await makeProject(folder, {
      [`${demo}/series`]: `${series.join("\n")}\n`,
      [`${demo}/one.patch`]: mail("One", newFile("one.txt", "1")),
      [`${demo}/two.patch`]: mail("Two", newFile("two.txt", "2")),
    });
    const tree = await applyTree(project, "tree");
    await using bin = await makeBin({ git: 'echo "$*" >> "$dir/said"; exec /usr/bin/git "$@"' });
    const exporting = async () => {
      await writeFile(join(bin.dir, "said"), "");
      const env = { PATH: `${bin.path}:/usr/bin:/bin` };
      const { stdout } = await kovnBuild(project, ["patches", "export", "demo", "tree"], env);
      const said = (await readFile(join(bin.dir, "said"), "utf8")).split("\n").filter((line) => /^am .*\.patch/.test(line));
      return { stdout, applied: said.map((line) => [...line.matchAll(/[\w-]+\.patch/g)].join(" ")) };
    };
    const all = series.join(" ");
    expect(await exporting()).toEqual({ stdout: "4 of 4 patches unchanged", applied: [all] });
    await writeFile(join(tree, "two.txt"), "second\n");
    await inGit(tree, "commit", "--quiet", "--all", "--amend", "--no-edit");
    expect(await exporting()).toEqual({
      stdout: "changed  two.patch\n3 of 4 patches unchanged",
      applied: [all, "two.patch", "two.patch"],
    });
  });

  test("rewrites a changed patch, names a new one by its subject, and drops one without a commit", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = join(project, "tree");
    await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    await inGit(tree, "reset", "--quiet", "--hard", "HEAD~1");
    await writeFile(join(tree, "greeting.txt"), "hello wide world\n");
    await inGit(tree, "commit", "--quiet", "--all", "--amend", "--no-edit");
    await writeFile(join(tree, "more.txt"), "more\n");
    await inGit(tree, "add", "more.txt");
    await inGit(
      tree,
      "commit",
      "--quiet",
      "--message",
      "Say more\n\nWhy.\n\nOrigin: vendor\nForwarded: no\nSeed: none\nLast-Update: 2026-11-22",
    );
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result.stdout).toBe(
      "changed  greet-world.patch\nadded    say-more.patch\ndropped  greet-all.patch\n0 of 3 patches unchanged",
    );
    expect(await readFile(join(project, demo, "series"), "utf8")).toBe("greet-world.patch\nsay-more.patch\n");
    expect(await readFile(join(project, demo, "greet-world.patch"), "utf8")).toContain("+hello wide world");
    expect(await kovnBuild(project, ["plan", "--target", "linux"])).toMatchObject({ exitCode: 0 });
  });

  test("writes a commit without fields if source.yaml says that they are optional", async ({ folder }) => {
    const project = await makeProject(folder, {
      [`${demo}/source.yaml`]: sourceYaml(join(folder, "upstream"), "fields: optional\n"),
    });
    const tree = join(project, "tree");
    await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    await writeFile(join(tree, "more.txt"), "more\n");
    await inGit(tree, "add", "more.txt");
    await inGit(tree, "commit", "--quiet", "--message", "Say more\n\nWhy.");
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result).toMatchObject({ exitCode: 0, stdout: "added    say-more.patch\n2 of 3 patches unchanged" });
    expect(await readFile(join(project, demo, "say-more.patch"), "utf8")).not.toContain("Origin:");
  });

  test("handles subjects that are not ASCII: an amended patch keeps its name, a new one gets a name", async ({ folder }) => {
    const encoded = mail("=?UTF-8?q?Gr=C3=BC=C3=9Fe=20an=20alle?=", replaceLine("greeting.txt", "hello world", "hello all"));
    const project = await makeProject(folder, { [`${demo}/greet-all.patch`]: encoded });
    const tree = join(project, "tree");
    await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    await writeFile(join(tree, "greeting.txt"), "hello everybody\n");
    await inGit(tree, "commit", "--quiet", "--all", "--amend", "--no-edit");
    await writeFile(join(tree, "greeting.txt"), "hello you\n");
    await inGit(tree, "commit", "--quiet", "--all", "--message", `修复问候\n\n${fields}`);
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result.stdout).toBe("changed  greet-all.patch\nadded    change.patch\n1 of 3 patches unchanged");
    expect(await kovnBuild(project, ["plan", "--target", "linux", "--unlocked"])).toMatchObject({ exitCode: 0 });
  });

  test("keeps a comment in `series` with the patch below it", async ({ folder }) => {
    const series = "# About the world.\ngreet-world.patch\n# About all.\ngreet-all.patch\n";
    const project = await makeProject(folder, { [`${demo}/series`]: series });
    const tree = join(project, "tree");
    await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    await inGit(tree, "reset", "--quiet", "--hard", "HEAD~1");
    await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(await readFile(join(project, demo, "series"), "utf8")).toBe("# About the world.\ngreet-world.patch\n");
  });

  test("refuses a tree with uncommitted changes and writes nothing", async ({ folder }) => {
    const project = await makeProject(folder);
    await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    const before = await contentOf(join(project, demo));
    await writeFile(join(project, "tree/greeting.txt"), "changed\n");
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain("uncommitted changes");
    expect(await contentOf(join(project, demo))).toEqual(before);
  });

  test("refuses a tree made with --until that lacks the other patches", async ({ folder }) => {
    const project = await makeProject(folder);
    await kovnBuild(project, ["patches", "apply", "demo", "tree", "--until", "greet-all"]);
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain("lacks `greet-all.patch`");
  });

  test("refuses a folder that `patches apply` did not make", async ({ folder }) => {
    const project = await makeProject(folder);
    const result = await kovnBuild(project, ["patches", "export", "demo", join(folder, "upstream")]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain("not made by this version of `patches apply`");
  });
});

describe("patches export remembers what a tree was made from", () => {
  test("and takes the line from it", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    await commitFile(tree, "more.txt", "more\n", `Say more\n\n${fields}`);
    const newer = Object.entries(await contentOf(join(project, demo)));
    await mkdir(join(project, "patches/1.1/demo"), { recursive: true });
    for (const [file, text] of newer) await writeFile(join(project, "patches/1.1/demo", file), text);
    expect(await kovnBuild(project, ["patches", "export", "demo", "tree"])).toMatchObject({ exitCode: 0 });
    expect(await contentOf(join(project, "patches/1.1/demo"))).toEqual(Object.fromEntries(newer));
    expect(await readFile(join(project, demo, "series"), "utf8")).toContain("say-more.patch");
    const message = await refusal(project, "demo", "tree", "--line", "1.1");
    expect(message).toContain("was made from `demo` of line 1.0.");
    expect(message).toContain(`-> kovn-build patches export demo ${tree} --line 1.0`);
  });

  test("and refuses another source", async ({ folder }) => {
    const project = await makeProject(folder, {
      "patches/1.0/other/series": "",
      "patches/1.0/other/source.yaml": sourceYaml("../upstream"),
    });
    await applyTree(project, "tree");
    expect(await refusal(project, "other", "tree")).toContain("was made from `demo` of line 1.0.");
  });

  test("and refuses to undo what others changed meanwhile", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    await writeFile(join(project, demo, "theirs.patch"), mail("Theirs", newFile("theirs.txt", "x")));
    await writeFile(join(project, demo, "series"), "greet-world.patch\ngreet-all.patch\ntheirs.patch\n");
    expect(await refusal(project, "demo", "tree")).toContain(
      `Patch \`theirs.patch\` was added since ${tree} was made or last exported.`,
    );
    await applyTree(project, "fresh");
    const changed = mail("Greet all", replaceLine("greeting.txt", "hello world", "hello you"));
    await writeFile(join(project, demo, "greet-all.patch"), changed);
    const message = await refusal(project, "demo", "fresh");
    expect(message).toContain("Patch `greet-all.patch` was changed since");
    expect(message).toContain("-> kovn-build patches apply demo DIR --line 1.0");
  });

  test("and can be run again after it was killed at its end", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    const note = join(tree, ".git/kovn-build.json");
    const before = await readFile(note);
    await commitFile(tree, "more.txt", "more\n", `Say more\n\n${fields}`);
    await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    await writeFile(note, before);
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result).toMatchObject({ exitCode: 0, stdout: "3 of 3 patches unchanged" });
  });

  test("and never writes to an installed kovn-build", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    for (const args of [["export", "demo", tree], ["lock"]]) {
      const result = await kovnBuild(folder, ["patches", ...args]);
      expect(result).toMatchObject({ exitCode: 2, stdout: "" });
      expect(result.stderr).toContain("those of kovn-build stay as they are");
    }
  });
});

describe("patches export takes the whole series only", () => {
  test("so it refuses a tree in the middle of a rebase", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    await inGit(tree, "-c", "sequence.editor=sed -i 1s/pick/edit/", "rebase", "--quiet", "--interactive", pin);
    const message = await refusal(project, "demo", "tree");
    expect(message).toContain("is in the middle of `git rebase`");
    expect(message).toContain(`-> git -C ${tree} rebase --continue`);
    await inGit(tree, "rebase", "--continue");
    expect(await kovnBuild(project, ["patches", "export", "demo", "tree"])).toMatchObject({ exitCode: 0 });
  });

  test("so it refuses a tree on no branch or below the pin", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    await inGit(tree, "switch", "--quiet", "--detach", "HEAD~1");
    expect(await refusal(project, "demo", "tree")).toContain(`-> git -C ${tree} switch kovn`);
    await inGit(tree, "switch", "--quiet", "--orphan", "other");
    await commitFile(tree, "other.txt", "x\n", `Other\n\n${fields}`);
    expect(await refusal(project, "demo", "tree")).toContain(`does not start at ${pin}`);
  });

  test("so it refuses a tree that is not on a pin that moved, and writes it once it is", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    const upstream = join(folder, "upstream");
    await writeFile(join(upstream, "news.txt"), "1\n");
    await commitAll(upstream, `Backported\n\n(cherry picked from commit ${"b".repeat(40)})`);
    await writeFile(join(upstream, "news.txt"), "2\n");
    const moved = await commitAll(upstream, `Second\n\n${fields}`);
    const yaml = sourceYaml(upstream).replace(pin, moved);
    await writeFile(join(project, demo, "source.yaml"), yaml);
    expect(await refusal(project, "demo", "tree")).toContain(`rebase --onto ${moved} ${pin}`);
    await inGit(tree, "fetch", "--quiet", upstream, "main");
    await inGit(tree, "rebase", "--quiet", "--onto", moved, pin);
    await writeFile(join(project, demo, "source.yaml"), sourceYaml(upstream));
    const message = await refusal(project, "demo", "tree");
    expect(message).toContain("2 commits between the pin and your patches were fetched");
    expect(message).toContain(`\`commit: ${moved}\` in source.yaml`);
    await writeFile(join(project, demo, "source.yaml"), yaml);
    expect(await roundTrip(project, tree)).toBe("2 of 2 patches unchanged");
  });
});

const commits: readonly (readonly [string, string])[] = [
  ["a tag in its subject", `[windows] Greet\n\n${fields}`],
  ["two tags in its subject", `[a] [b] lib: Greet\n\n${fields}`],
  ["a message that begins with an author", `Greet\n\nFrom: Somebody Else <else@example.com>\n\n${fields}`],
  ["a message that begins with a date and a subject", `Greet\n\nDate: tomorrow\nSubject: Other\n\nText.\n\n${fields}`],
  ["a message that quotes a mail", `Greet\n\nHe wrote:\n\n> From me\n>From you\n\n${fields}`],
  ["a Chinese subject and message", `修复问候\n\n世界你好。\n\n${fields}`],
  ["a long subject", `Greet ${"the world and ".repeat(20)}all\n\n${fields}`],
  ["scissors in its message", `Greet\n\n-- >8 --\n\nText.\n\n${fields}`],
  ["an indented diff in its message", `Greet\n\n  --- a/x\n  +++ b/x\n  ---\n\n${fields}`],
];

const refused: readonly (readonly [string, string, string])[] = [
  ["a rule in its message", `Greet\n\nbefore\n---\nafter\n\n${fields}`, "line 4 of its message, `---`, does not come back"],
  ["a diff in its message", `Greet\n\ndiff --git a/x b/x\n\n${fields}`, "line 3 of its message, `diff --git a/x b/x`, does not"],
  ["a mailbox in its message", `Greet\n\nFrom bob Thu Jan  4 10:23:45 2024\n\n${fields}`, "A second mail starts here"],
  ["a subject that git shortens", `Re:  Greet\n\n${fields}`, "its subject comes back as `Greet`"],
  ["a subject of two lines", `Greet\nall\n\n${fields}`, "its subject comes back as `Greet all`"],
  ["a message with spaces at its end", `Greet\n\nText.  \n\n${fields}`, "line 3 of its message, `Text.  `,"],
  ["a wrong field", `Greet\n\n${fields.replace("vendor", "me")}`, "Field `Origin: me` does not match"],
];

describe("patches export writes a commit that is the same when it is applied again", () => {
  test.for(commits)("with %s", async ([, message], { folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    await commitFile(tree, "greeting.txt", "hi\n", message);
    expect(await roundTrip(project, tree)).toContain("2 of 3 patches unchanged");
  });

  test.for(refused)("or refuses one with %s", async ([, message, why], { folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    await commitFile(tree, "greeting.txt", "hi\n", message);
    const said = await refusal(project, "demo", "tree");
    expect(said).toContain(why);
    expect(said).toContain(`-> git -C ${tree} commit --amend`);
  });

  test("or refuses one that changes no file", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    await commitStaged(tree, `Only words\n\n${fields}`);
    await commitFile(tree, "greeting.txt", "hi\n", `Greet\n\n${fields}`);
    const said = await refusal(project, "demo", "tree");
    expect(said).toContain("Only words: it changes no file; drop it");
    expect(said).toContain(`-> git -C ${tree} rebase --interactive ${pin}`);
  });

  test("with bytes, paths and line ends of any kind", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    await writeFile(join(tree, "latin1.txt"), Buffer.from("caf\xe9\nna\xefve\n", "latin1"));
    await writeFile(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from("caf\xe9 \xff.txt", "latin1")]), "name\n");
    await writeFile(join(tree, "demo.vcxproj"), "one\r\ntwo\r\n");
    await writeFile(join(tree, 'odd "name"\t\\.txt'), "no newline");
    await writeFile(join(tree, "binary"), Buffer.from([0, 255, 13, 10, 0]));
    await writeFile(join(tree, "empty"), "");
    await writeFile(join(tree, "run.sh"), "#!/bin/sh\n");
    await chmod(join(tree, "run.sh"), 0o755);
    await symlink("nowhere", join(tree, "link"));
    await inGit(tree, "add", "--all");
    await commitStaged(tree, `All kinds\n\n${fields}`);
    await writeFile(join(tree, "latin1.txt"), Buffer.from("caf\xe8\nna\xefve\n", "latin1"));
    await writeFile(join(tree, "demo.vcxproj"), "one\r\nthree\r\n");
    await chmod(join(tree, "run.sh"), 0o644);
    await inGit(tree, "mv", "binary", "moved");
    await inGit(tree, "add", "--all");
    await commitStaged(tree, `Change them\n\n${fields}`);
    expect(await roundTrip(project, tree)).toContain("2 of 4 patches unchanged");
    expect(await kovnBuild(project, ["--target", "linux", "--unlocked"])).toMatchObject({ exitCode: 0 });
  });

  test("in another encoding, as UTF-8", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    const message = join(folder, "message");
    await writeFile(message, Buffer.from(`Gr\xfc\xdfe\n\nGr\xfc\xdfe an alle.\n\n${fields}\n`, "latin1"));
    await writeFile(join(tree, "greeting.txt"), "hi\n");
    await inGit(tree, "-c", "i18n.commitEncoding=ISO-8859-1", "commit", "--quiet", "--all", `--file=${message}`);
    await roundTrip(project, tree);
    expect(await readFile(join(project, demo, "gr-e.patch"), "utf8")).toContain("\nGrüße an alle.\n");
  });

  test("whatever git is set to in the tree", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    for (const setting of ["diff.noprefix", "format.signoff", "format.attach"]) await inGit(tree, "config", setting, "true");
    await inGit(tree, "config", "format.subjectPrefix", "OVS");
    await inGit(tree, "config", "format.headers", "To: somebody@example.com\n");
    await commitFile(tree, "greeting.txt", "hi\n", `Greet\n\n${fields}`);
    await roundTrip(project, tree);
    expect(await readFile(join(project, demo, "greet.patch"), "utf8")).toMatch(/^Subject: \[PATCH\] Greet$/m);
  });
});

describe("patches export fills the fields of a commit", () => {
  test("asks for those that it cannot know, with what to type", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    await commitFile(tree, "greeting.txt", "hi\n", "Greet\n\nWhy.\n\nSeed: none\n");
    const said = await refusal(project, "demo", "tree");
    expect(said).toContain("Greet: it lacks Origin, Forwarded");
    const typed = `commit --amend --no-edit --trailer 'Origin: vendor' --trailer 'Forwarded: no'`;
    expect(said).toContain(`-> git -C ${tree} ${typed}\n`.trimEnd());
    const trailers = ["--trailer", "Origin: vendor", "--trailer", "Forwarded: no"];
    await inGit(tree, "commit", "--quiet", "--amend", "--no-edit", ...trailers);
    expect(await kovnBuild(project, ["patches", "export", "demo", "tree"])).toMatchObject({ exitCode: 0 });
    const patch = await readFile(join(project, demo, "greet.patch"), "utf8");
    expect(patch).toContain("\n\nWhy.\n\nSeed: none\nOrigin: vendor\nForwarded: no\nLast-Update: 2023-11-14\n---\n");
  });

  test("of upstream's commit from its id, and leaves the file alone after that", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    for (const [name, id] of [
      ["one", "c".repeat(40)],
      ["two", "a".repeat(40)],
    ] as const)
      await commitFile(tree, name, "x\n", `Add ${name}\n\n(cherry picked from commit ${id})\n`);
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    const known = (id: string, seed: string) =>
      `(cherry picked from commit ${id})\nOrigin: upstream, ${id}\nForwarded: not-needed\nSeed: ${seed}\n`;
    expect(await readFile(join(project, demo, "add-one.patch"), "utf8")).toContain(known("c".repeat(40), "none"));
    expect(await readFile(join(project, demo, "add-two.patch"), "utf8")).toContain(known("a".repeat(40), "a".repeat(10)));
    const again = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(again.stdout).toBe("4 of 4 patches unchanged");
  });
});

const foreign = mail("Greet all", replaceLine("greeting.txt", "hello world", "hello all worlds"))
  .replace(`From ${"0".repeat(40)}`, `From ${"d".repeat(40)}`)
  .replace("Subject: [PATCH]", "Message-Id: <1@example.com>\nTo: dev@example.com\nSubject: [ovs-dev] [PATCH v2 3/7]")
  .replace("\n---\n\n", "\n---\nNotes below the rule.\n\n greeting.txt | 2 +-\n\n")
  .concat("-- \n1.8.3.1\n\n_______________________________________________\ndev mailing list\n");

describe("patches export keeps a file that still makes its commit", () => {
  test("byte for byte, whatever wrote it, also when the tree was rebased", async ({ folder }) => {
    const project = await makeProject(folder, { [`${demo}/greet-all.patch`]: foreign });
    const before = await contentOf(join(project, demo));
    const tree = await applyTree(project, "tree");
    await inGit(tree, "rebase", "--quiet", "--no-ff", pin);
    const result = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(result).toMatchObject({ exitCode: 0, stdout: "2 of 2 patches unchanged" });
    expect(await contentOf(join(project, demo))).toEqual(before);
  });

  test("and the id of the commit that a changed one came from", async ({ folder }) => {
    const project = await makeProject(folder, { [`${demo}/greet-all.patch`]: foreign });
    const tree = await applyTree(project, "tree");
    await writeFile(join(tree, "greeting.txt"), "hello you\n");
    await inGit(tree, "commit", "--quiet", "--all", "--amend", "--no-edit");
    await roundTrip(project, tree);
    const patch = await readFile(join(project, demo, "greet-all.patch"), "utf8");
    expect(patch.split("\n")[0]).toBe(`From ${"d".repeat(40)} Mon Sep 17 00:00:00 2001`);
  });

  test("but not one whose lines are now those of another function", async ({ folder }) => {
    const project = await makeProject(folder, { [`${demo}/series`]: "", [`${demo}/greet-all.patch`]: undefined });
    await writeFile(join(project, demo, "series"), "greet-world.patch\n");
    const tree = await applyTree(project, "tree");
    const twice = (first: string, second: string) =>
      `${"same\n".repeat(5)}${first}\n${"same\n".repeat(9)}${second}\n${"same\n".repeat(5)}`;
    await commitFile(tree, "code.c", twice("old", "old"), `Add code\n\n${fields}`);
    await commitFile(tree, "code.c", twice("new", "old"), `Change code\n\n${fields}`);
    await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    await writeFile(join(tree, "code.c"), twice("old", "new"));
    await inGit(tree, "commit", "--quiet", "--all", "--amend", "--no-edit");
    expect(await roundTrip(project, tree)).toBe("changed  change-code.patch\n2 of 3 patches unchanged");
  });

  test("and its name among commits with one subject, in any order", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    for (const name of ["one", "two"]) await commitFile(tree, name, "x\n", `Fix\n\n${fields}`);
    expect(await roundTrip(project, tree)).toContain("added    fix.patch\nadded    fix-2.patch\n");
    const linked = join(project, "linked");
    await inGit(tree, "worktree", "add", "--quiet", linked, "-b", "other", "HEAD~2");
    await inGit(linked, "cherry-pick", "kovn", "kovn~1");
    expect(await kovnBuild(project, ["patches", "export", "demo", linked])).toMatchObject({ exitCode: 0 });
    expect(await commitsOf(await applyTree(project, "third"))).toEqual(await commitsOf(linked));
  });

  test("and comments of `series`, in any bytes", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    await writeFile(join(project, demo, "series"), Buffer.from("# caf\xe9\ngreet-world.patch\ngreet-all.patch\n", "latin1"));
    await commitFile(tree, "more.txt", "more\n", `Say more\n\n${fields}`);
    await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    const series = await readFile(join(project, demo, "series"), "latin1");
    expect(series).toBe("# caf\xe9\ngreet-world.patch\ngreet-all.patch\nsay-more.patch\n");
  });

  test("and its name, when a new commit comes first with the same words", async ({ folder }) => {
    const project = await makeProject(folder);
    const tree = await applyTree(project, "tree");
    await inGit(tree, "reset", "--quiet", "--hard", pin);
    await commitFile(tree, "more.txt", "more\n", `Greet, all\n\n${fields}`);
    await inGit(tree, "cherry-pick", "ORIG_HEAD~1", "ORIG_HEAD");
    await roundTrip(project, tree);
    const series = await readFile(join(project, demo, "series"), "utf8");
    expect(series).toBe("greet-all-2.patch\ngreet-world.patch\ngreet-all.patch\n");
  });
});

describe("patches export that was killed", () => {
  test("while it replaced a source is reported by every command, and repaired by the next export", async ({ folder }) => {
    const project = await makeProject(folder);
    await applyTree(project, "tree");
    const old = stagingOf(join(project, demo), "old");
    await rename(join(project, demo), old);
    await mkdir(stagingOf(join(project, demo)));
    const result = await kovnBuild(project, ["plan", "--target", "linux"]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain(`-> mv patches/1.0/${basename(old)} patches/1.0/demo`);
    expect(await kovnBuild(project, ["patches", "export", "demo", "tree"])).toMatchObject({ exitCode: 0 });
    expect(await readdir(join(project, "patches/1.0"))).not.toContainEqual(expect.stringContaining(".kovn-"));
  });
});
