import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { makeBin } from "../helpers/bin.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { makeDist } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import {
  commitAll,
  demo,
  inGit,
  mail,
  makeProject,
  newFile,
  packaging,
  replaceLine,
  writeFiles,
  type Files,
} from "../helpers/project.ts";
import { onTerminal } from "../helpers/on-terminal.ts";

/** The shortest time that a slow program takes, in milliseconds. */
const slow = 4000;
/** The part of that time in which something must be written, less what the program takes to start. */
const part = 0.75;

/** Waits as long as the test says. */
const wait = 'sleep "$(cat "$dir/slow")"';

/** A program that is slow when its arguments contain one of these words. */
const slowly = (program: string, ...words: readonly string[]) =>
  `case " $* " in ${words.map((word) => `*" ${word} "*`).join("|")}) ${wait};; esac\nexec /usr/bin/${program} "$@"`;

/** A gpg with one key, which signs with any bytes and finds every signature good. */
const gpg = `${wait}
case "$*" in
  *--list-secret-keys*) echo sec:u:255:22:ABC:1::u::::sc:; echo fpr:::::::::ABC: ;;
  *--verify*) echo '[GNUPG:] GOODSIG ABC Me'; echo '[GNUPG:] VALIDSIG ABC 1' ;;
  *--output*) while [ "$1" != --output ]; do shift; done; echo signed > "$2" ;;
  *) echo signed ;;
esac`;

/** What is run with which slow programs, and what the person sees meanwhile. */
interface Case {
  readonly args: readonly string[];
  readonly programs: Readonly<Record<string, string>>;
  readonly shown: readonly string[];
  /** Files that are changed first. */
  readonly files?: Files;
}

const upstream = slowly("git", "ls-remote", "fetch");
const applying = slowly("git", "am", "checkout");

const cases: Readonly<Record<string, Case>> = {
  "patches lock": {
    args: ["patches", "lock"],
    programs: { git: upstream },
    shown: ["reach PATH/upstream at 6ed1afa7a74a", "fetch PATH/upstream at 6ed1afa7a74a"],
  },
  "patches lock, applying": {
    args: ["patches", "lock"],
    programs: { git: applying },
    shown: ["demo: apply 3 patches to 6ed1afa7a74a  checking out the base"],
  },
  "patches check": { args: ["patches", "check"], programs: { git: applying }, shown: ["demo: apply 3 patches to"] },
  "patches apply": {
    args: ["patches", "apply", "demo", "new"],
    programs: { git: slowly("git", "fetch", "am") },
    shown: ["fetch PATH/upstream", "clone demo into", "apply 2 patches"],
  },
  "patches export": {
    args: ["patches", "export", "demo", "tree"],
    programs: { git: slowly("git", "log") },
    shown: ["export demo", "write 2 commits as patches"],
  },
  "patches prove": {
    args: ["patches", "prove", "1", "--programs", "dist/linux"],
    programs: { "dpkg-deb": slowly("dpkg-deb", "--extract") },
    shown: ["unpack 2 archives in dist/linux  demo-data_1.2.3-1+kovn1.00000001_all.deb, 1 of 2"],
  },
  "publish to an apt repository": {
    args: ["publish", "--to", "apt=apt", "--sign", "ABC"],
    programs: { gpg, xz: slowly("xz", "--stdout") },
    shown: ["find the key ABC", "compress an index", "sign Release"],
  },
  "publish to a folder": {
    args: ["publish", "--to", "dir=out", "--to", "tar=out.tar", "--sign", "ABC"],
    programs: { gpg },
    shown: ["find the key ABC", "sign SHA256SUMS", "sign out.tar"],
  },
  "release notes": {
    args: ["release", "notes"],
    programs: { git: slowly("git", "ls-remote", "fetch", "am", "range-diff", "archive") },
    shown: ["read what changed since v1.0.0", "fetch PATH/upstream", "demo, before: apply 3 patches", "compare demo"],
    files: {
      [`${demo}/greet-all.patch`]: mail(
        "Greet all",
        `${replaceLine("greeting.txt", "hello world", "hello all worlds")}${newFile("more.txt", "more")}`,
      ),
    },
  },
  "release plan": {
    args: ["release", "plan"],
    programs: { git: slowly("git", "archive") },
    shown: ["read what changed since v1.0.0"],
  },
  "release cut": {
    args: ["release", "cut", "1.0.1", "--push"],
    programs: { git: slowly("git", "--annotate", "push", "ls-remote") },
    shown: ["list the tags of origin", "commit and tag v1.0.1", "push v1.0.1 to origin"],
  },
  "doctor --fix": {
    args: ["doctor", "--target", "linux", "--fix"],
    programs: {
      "dpkg-query": `[ "$1" = --version ] && exec /usr/bin/dpkg-query --version\n${wait}`,
      "apt-get": `[ "$1" = --version ] && exec echo "apt 2.6.1"\necho 'pmstatus:ccache:40.0:Unpacking ccache' >&3\n${wait}`,
      dpkg: wait,
    },
    shown: ["check this machine", "update apt's lists", "install 1 Debian package", "40%, unpacking ccache"],
  },
};

/** A project in a git repository with a remote, a locked series, a release, a patched tree and artifacts. */
async function makeReleased(folder: string): Promise<string> {
  const { "pipelines/test.yaml": pipeline = "", ...patches } = packaging;
  const project = await makeProject(folder, {
    ...patches,
    "pipelines/test.yaml": `${pipeline}    packages: [no-such-package]\n`,
    ".gitignore": ".kovn/\ndist/\ntree/\n",
    ".gitconfig": "[user]\n\tname = Rel Ease\n\temail = rel@example.com\n",
  });
  await kovnBuild(project, ["patches", "lock"]);
  await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
  await inGit(project, "init", "--quiet", "--initial-branch=main");
  await commitAll(project, "First");
  await inGit(project, "tag", "v1.0.0");
  await inGit(project, "commit", "--quiet", "--allow-empty", "--message", "Second");
  await inGit(folder, "clone", "--quiet", "--bare", project, "remote");
  await inGit(project, "remote", "add", "origin", join(folder, "remote"));
  await makeDist(join(project, "dist"));
  // What is on disk need not be fetched.
  await rm(join(project, ".kovn/mirrors"), { recursive: true });
  return project;
}

describe.concurrent("on a terminal, a slow program is never a silence of more than two seconds:", () => {
  for (const [name, { args, programs, shown, files = {} }] of Object.entries(cases))
    test.skipIf(name === "doctor --fix" && process.getuid?.() !== 0)(name, { timeout: 600_000 }, async ({ folder }) => {
      const project = await makeReleased(folder);
      await writeFiles(project, files);
      await using bin = await makeBin(programs);
      const start = await onTerminal(project, ["--version"]);
      // On a loaded machine all takes longer, so the slow programs do too.
      const ms = Math.max(slow, 8 * start.silence);
      await writeFile(join(bin.dir, "slow"), String(ms / 1000));
      const { text, silence } = await onTerminal(project, args, { PATH: `${bin.path}:${process.env["PATH"] ?? ""}` });
      const plain = text.replaceAll(folder, "PATH");
      for (const words of shown) expect(plain).toContain(words);
      expect(silence - start.silence).toBeLessThan(part * ms);
    });
});
