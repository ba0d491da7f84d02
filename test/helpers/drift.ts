import { join } from "node:path";
import { readFile, writeFile } from "node:fs/promises";
import { commitAll, demo, inGit, writeFiles, type Files } from "./project.ts";
import { line, lines, makeRebase } from "./rebase.ts";

/** Writes a repository's files, and commits them with a message. */
async function change(upstream: string, files: Files, message: string): Promise<string> {
  await writeFiles(upstream, files);
  return commitAll(upstream, message);
}

/**
 * Makes a project whose source `demo` is pinned on `branch-1.0` of its upstream, which went on:
 * there, on `branch-1.1` and on `main`. Returns the project, the upstream, and the ids of commits.
 */
export async function makeDrift(folder: string) {
  const twenty = lines(20);
  const { project, pin, fork, upstream } = await makeRebase(folder, {
    files: { f: twenty, g: twenty, h: twenty },
    next: [],
    side: [{ subject: "Backported", edits: { h: line("3", "three") } }],
    series: [
      { name: "ten.patch", subject: "Ten", edits: { f: line("10", "X") } },
      { name: "fifteen.patch", subject: "Fifteen", edits: { g: line("15", "fifteen") } },
      { name: "twenty.patch", subject: "Twenty", edits: { g: line("20", "XX") } },
    ],
  });
  await inGit(upstream, "checkout", "--quiet", "-b", "branch-1.1", fork);
  const base = await change(upstream, { i: "i\n" }, "Begin i");
  const backported = await change(upstream, { h: twenty.replace("3\n", "three\n") }, "Backported");
  const fixed = (id: string, digits = 12) => `Fixes: ${id.slice(0, digits)} ("Something")`;
  await change(upstream, { i: "ii\n" }, `Fix i, which the pin lacks\n\n${fixed(base)}`);
  const picked = await change(upstream, { j: "j\n" }, `Fix j\n\n${fixed(fork)}`);
  await change(upstream, { "tests/j": "j\n", NEWS: "j\n" }, `Fix the test of j\n\n${fixed(picked)}`);
  await change(upstream, { j: "jj\n" }, `Fix the fix of j\n\n${fixed(picked)}`);
  await change(upstream, { h: twenty.replace("3\n", "III\n") }, `Fix what was backported\n\n${fixed(backported, 8)}`);
  const taken = await change(upstream, { k: "k\n" }, `Count to twenty\n\n${fixed(fork)}`);
  await change(upstream, { k: "kk\n" }, `Fix counting\n\nMore.\n\n${fixed(taken, 40)}\nReported-by: A B <a@example.com>`);
  await change(upstream, { f: twenty.replace("10\n", "ten\n") }, `Fix ten\n\n${fixed(fork)}`);
  await inGit(upstream, "tag", "--annotate", "--message=One", "v1.1.0");
  await inGit(upstream, "checkout", "--quiet", "-B", "main");
  // A copy of what a patch is from.
  await change(upstream, { n: "n\n" }, `Count to twenty\n\n${fixed(fork)}`);
  await change(upstream, { l: "l\n" }, "Read no byte too many\n\nThis is CVE-2026-12345.");
  await inGit(upstream, "checkout", "--quiet", "-b", "branch-1.0", pin);
  const three = twenty.replace("3\n", "three\n");
  await inGit(upstream, "tag", "v1.0.0");
  await change(upstream, { f: twenty.replace("10\n", "ten\n"), h: three }, `Fix ten\n\n${fixed(fork, 7)}`);
  await change(upstream, { g: twenty.replace("15\n", "fifteen\n") }, "Fifteen");
  await inGit(upstream, "tag", "--annotate", "--message=One", "v1.0.1");
  await change(upstream, { m: "m\n" }, "Begin m");
  const path = join(project, demo, "source.yaml");
  const yaml = (await readFile(path, "utf8")).replace("branch: main", "branch: branch-1.0");
  await writeFile(path, `${yaml}picks: [{ commit: ${picked}, why: "j was wrong" }]\n`);
  const patch = join(project, demo, "twenty.patch");
  await writeFile(patch, (await readFile(patch, "utf8")).replace("Origin: vendor", `Origin: backport, ${taken}`));
  return { project, upstream, pin, fork, picked, taken, backported };
}
