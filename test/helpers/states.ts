import { join } from "node:path";
import { commitAll, demo, inGit, mail, makeProject, newFile, replaceLine, sourceYaml, writeFiles } from "./project.ts";

/** A diff that adds a file of many lines. */
function longFile(file: string): string {
  const lines = Array.from({ length: 20 }, (_, index) => `+${file} ${index}\n`).join("");
  return `diff --git a/${file} b/${file}\nnew file mode 100644\n--- /dev/null\n+++ b/${file}\n@@ -0,0 +1,20 @@\n${lines}`;
}

const fields = "Origin: vendor\nForwarded: no\nSeed: aaaaaaaaaa\nLast-Update: 2026-11-22";
const world = mail("Greet the world", replaceLine("greeting.txt", "hello", "hello world"), { Fields: fields });

/**
 * Makes the fixture project as a git repository with two commits: in the second, which is branch
 * `next`, everything of the series that can change has changed. The first is tagged v1.0.0. HEAD is the second.
 */
export async function makeStates(folder: string) {
  const upstream = join(folder, "upstream");
  const project = await makeProject(folder, {
    ".gitignore": ".kovn/\n",
    [`${demo}/series`]: "greet-world.patch\ngreet-all.patch\none.patch\ntwo.patch\nthree.patch\ngone.patch\n",
    [`${demo}/greet-world.patch`]: world,
    [`${demo}/one.patch`]: mail("Add one", newFile("one.txt", "one")),
    [`${demo}/two.patch`]: mail("Add two", newFile("two.txt", "two")),
    [`${demo}/three.patch`]: mail("Add three", newFile("three.txt", "three")),
    [`${demo}/gone.patch`]: mail("Add what goes", newFile("gone.txt", "gone")),
  });
  await inGit(project, "init", "--quiet", "--initial-branch=main");
  const first = await commitAll(project, "First");
  await inGit(project, "tag", "v1.0.0");
  await writeFiles(upstream, { "lib/code.c": "int main;\nint more;\n" });
  const more = await commitAll(upstream, "code: Have more");
  await writeFiles(upstream, { "lib/code.c": "int main;\nint most;\n" });
  const pin = await commitAll(upstream, "code: Have most");
  await inGit(upstream, "checkout", "--quiet", "-b", "side");
  await writeFiles(upstream, { "lib/fix.c": "int fix;\n" });
  const pick = await commitAll(upstream, "fix: Fix it");
  await inGit(upstream, "checkout", "--quiet", "main");
  const alternate = `alternates:\n  - { apt: demo-source, version: 1.2.3-1, member: usr/src/demo.tar.gz, sha256: ${"b".repeat(64)} }\n`;
  const picks = `picks:\n  - { commit: ${pick}, why: "a fix" }\n`;
  const merged = `merged:\n  - { seed: bbbbbbbbbb, commit: ${more}, since: 1.2.4, effect: { file: lib/code.c, text: most } }\n`;
  const dropped = `dropped:\n  - { seed: cccccccccc, since: "1.0", why: nobody uses it }\n`;
  await inGit(project, "checkout", "--quiet", "-b", "next");
  await writeFiles(project, {
    [`${demo}/source.yaml`]: sourceYaml(upstream, `${picks}${alternate}${merged}${dropped}`)
      .replace(/commit: \w{40}/, `commit: ${pin}`)
      .replace("revision: 1", "revision: 2"),
    [`${demo}/series`]: "greet-world.patch\nthree.patch\ngreet-all.patch\none.patch\nsecond.patch\nmore.patch\n",
    [`${demo}/greet-all.patch`]: mail("Greet all", replaceLine("greeting.txt", "hello world", "hello all of the worlds")),
    [`${demo}/two.patch`]: undefined,
    [`${demo}/second.patch`]: mail("Add two", newFile("two.txt", "two")),
    [`${demo}/gone.patch`]: undefined,
    [`${demo}/more.patch`]: mail("Add `more`", longFile("more.txt")),
  });
  const second = await commitAll(project, "Second");
  return { project, upstream, first, second, pin, pick, more };
}
