import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test as plainTest } from "vitest";
import { isProgress, sayProgress } from "../../../src/sys/git-progress.ts";
import { am } from "../../../src/sys/git-am.ts";
import { fetchCommit, initBlobless } from "../../../src/sys/git-remote.ts";
import { gitSays } from "../../../src/sys/git.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { host, watchTask } from "../../helpers/host.ts";
import { mail, makeUpstream, newFile, pin } from "../../helpers/project.ts";

describe("a line of git's progress", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["remote: Enumerating objects: 38353, done.", "enumerating objects"],
    ["remote: Counting objects:  22% (8438/38353)        ", "22%, counting objects"],
    ["Receiving objects:  45% (9/20), 1.00 MiB | 2.00 MiB/s", "45%, receiving objects, 1.00 MiB, 2.00 MiB/s"],
    ["Receiving objects: 100% (20/20), 3.00 MiB | 2.00 MiB/s, done.", "100%, receiving objects, 3.00 MiB, 2.00 MiB/s"],
    ["Resolving deltas: 100% (306/306), done.", "100%, resolving deltas"],
    ["Writing objects:  50% (1/2)", "50%, writing objects"],
  ];
  plainTest.each(cases)("%s", (line, said) => {
    const { task, seen } = watchTask();
    sayProgress(task).onLine(line);
    expect(seen).toEqual([`say: ${said}`]);
    expect(isProgress(line.trim())).toBe(true);
  });

  plainTest("is said once a second, and at both ends of a phase", () => {
    const { task, seen } = watchTask();
    let time = 0;
    const { onLine } = sayProgress(task, () => time);
    const objects = (percent: number) => `Receiving objects: ${percent}% (${percent}/100)`;
    for (let percent = 0; percent <= 100; percent += 1, time += 25) onLine(objects(percent));
    onLine(`${objects(100)}, done.`);
    onLine("Resolving deltas:   0% (0/9)");
    onLine("Resolving deltas: 100% (9/9), done.");
    const phases = ["0%, receiving", "40%, receiving", "80%, receiving", "100%, receiving"].map((said) => `${said} objects`);
    expect(seen).toEqual([...phases, "0%, resolving deltas", "100%, resolving deltas"].map((said) => `say: ${said}`));
  });

  plainTest("is not part of an error message, but what the server says is", () => {
    const stderr = [
      "remote: Counting objects: 100% (3/3), done.",
      "remote: Total 3 (delta 0), reused 0 (delta 0), pack-reused 0",
      "From https://example.com/demo",
      " * branch            6ed1afa -> FETCH_HEAD",
      "remote: Repository not found.",
      "fatal: early EOF",
    ];
    expect(gitSays({ exitCode: 128, stdout: "", stderr: stderr.join("\n") })).toBe("remote: Repository not found.\nearly EOF");
  });
});

test("a fetch says how far it is", async ({ folder }) => {
  await makeUpstream(join(folder, "upstream"));
  const { task, seen } = watchTask();
  const options = { host: { ...host, task }, cwd: join(folder, "mirror") };
  await mkdir(options.cwd);
  await initBlobless(options.cwd, join(folder, "upstream"), options);
  await fetchCommit(pin, join(folder, "upstream"), options);
  expect(seen).toContain("say: 100%, counting objects");
});

test("git am says which patch it is at", async ({ folder }) => {
  await makeUpstream(folder);
  const mails = ["one", "two", "three"].map((name) => join(folder, `../${name}.patch`));
  for (const [index, path] of mails.entries()) await writeFile(path, mail(`Add ${index}`, newFile(`new-${index}`, "x")));
  // git counts the mails in this file, and here it takes its time.
  const script = `[ "$1" = am ] && { mkdir -p "$PWD/.git/rebase-apply"; echo 2 > "$PWD/.git/rebase-apply/next"; sleep 1; rm -r "$PWD/.git/rebase-apply"; }
exec /usr/bin/git "$@"`;
  await using bin = await makeBin({ git: script });
  const { task, seen } = watchTask();
  const slow = { ...host, task, env: { PATH: `${bin.path}:/usr/bin:/bin` } };
  expect(await am(mails, { host: slow, cwd: folder })).toBeUndefined();
  expect(seen).toContain("say: patch 2 of 3");
});
