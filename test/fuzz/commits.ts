import { chmod, lstat, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { inGit, pin } from "../helpers/project.ts";
import { pick, type Chance } from "./mutate.ts";

/** Texts here have a character for each byte, so that some are not UTF-8. */
const bytes = (text: string) => Buffer.from(text, "latin1");
const utf8 = (text: string) => Buffer.from(text).toString("latin1");

const subjects = [
  "Greet",
  "lib: Greet all of them.",
  "[windows] Greet",
  "[a][b] Greet [c]",
  "[PATCH] Greet",
  "Re: Greet",
  ": Greet",
  "Greet  twice",
  "Greet\tone",
  "Greet\nall",
  " Greet",
  "",
  "=?UTF-8?q?Greet?=",
  "caf\xe9",
  utf8("修复问候"),
  utf8("Grüße 💥"),
  utf8(`Grüße ${"an alle ".repeat(20)}`),
  "x".repeat(300),
  `Greet ${"the world and ".repeat(12)}all`,
  'Greet "all" (now), <them> & \\you',
  "From me",
  "--- a",
] as const;

const lines = [
  "Text.",
  "Text.",
  utf8("Zwölf Boxkämpfer."),
  "",
  "",
  "---",
  "--- a/x",
  "-- ",
  "-- >8 --",
  "diff --git a/x b/x",
  "Index: x",
  "@@ -1 +1 @@",
  "From pat Thu Jan  4 10:23:45 2024",
  ">From pat",
  "From me to you",
  "From: Somebody Else <else@example.com>",
  "Date: tomorrow",
  "Subject: Other",
  "[PATCH] Other",
  "Content-Type: text/plain; charset=latin1",
  "# Comment",
  "Signed-off-by: Pat Cher <pat@example.com>",
  "(cherry picked from commit 0123456789012345678901234567890123456789)",
  "  indented\twith tabs",
  "spaces  ",
  "carriage\r",
  "caf\xe9",
  "\u00a0",
  "=E9=20=",
  "x".repeat(1200),
] as const;

const authors = [
  "Pat Cher <pat@example.com>",
  "Pat Cher <pat@example.com>",
  "Pat Cher <pat@example.com>",
  `${utf8("Zoë Müller")} <zoe@example.com>`,
  `${utf8("张三")} <zhang@example.com>`,
  'Pat "P" Cher <pat@example.com>',
  "Cher, Pat <pat@example.com>",
  "Pat (at work) Cher <pat@example.com>",
  "P. A. Cher Jr. <pat@example.com>",
  "pat@example.com <pat@example.com>",
  "caf\xe9 <cafe@example.com>",
  "Pat <pat at example>",
  "Pat <>",
  " <pat@example.com>",
] as const;

const dates = [
  "1700000000 +0100",
  "1795000000 +0000",
  "1700000000 -1130",
  "1700000000 +0530",
  "1000000000 +0000",
  "4102444800 +0000",
  "86400 +0000",
  "0 +0000",
] as const;

const names = [
  "a.txt",
  "b.c",
  "lib/deep/c.h",
  "two words.txt",
  utf8("grüße.txt"),
  "caf\xe9.txt",
  'a "quote".txt',
  "back\\slash",
  "tab\there",
  "line\nhere",
  "-dash",
  "a => b",
  "x.patch",
  "@@ -1 +1 @@",
] as const;

const contents = [
  "",
  "one\n",
  "no newline",
  "one\ntwo\nthree\n".repeat(8),
  "one\r\ntwo\r\n",
  "one\r\ntwo\nthree\r",
  "caf\xe9\nna\xefve\n",
  utf8("grüß Gott\n"),
  "\0\x01\xff\xfe binary\n",
  "From pat Thu Jan  4 10:23:45 2024\n---\n-- \ndiff --git a/x b/x\n@@ -1 +1 @@\n",
  "x".repeat(5000),
  "\f\v\x1b[31m trailing  \n\n\n",
] as const;

const fields = "Origin: vendor\nForwarded: no\nSeed: none\nLast-Update: 2026-11-22\n";

/** Makes a random commit in a tree: files, modes, links, renames, author, date and message. */
export async function commitAtRandom(tree: string, chance: Chance): Promise<void> {
  // A commit without changes now and then.
  const changes = chance() < 0.04 ? 0 : 1 + Math.floor(chance() * 4);
  for (let rest = changes; rest > 0; rest--) await changeFile(tree, chance);
  await inGit(tree, "add", "--all", "--force");
  const [files, parent] = [await inGit(tree, "write-tree"), await inGit(tree, "rev-parse", "HEAD")];
  const author = chance() < 0.25 ? pick(chance, authors) : authors[0];
  const date = chance() < 0.2 ? pick(chance, dates) : dates[0];
  await inGit(
    tree,
    "reset",
    "--quiet",
    "--hard",
    await writeCommit(tree, files, parent, `${author} ${date}`, messageAtRandom(chance)),
  );
}

async function writeCommit(tree: string, files: string, parent: string, author: string, message: string): Promise<string> {
  const head = `tree ${files}\nparent ${parent}\nauthor ${author}\ncommitter Pat <pat@example.com> 1700000000 +0000\n`;
  return writeRaw(tree, `${head}\n${message}`);
}

async function writeRaw(tree: string, commit: string): Promise<string> {
  const args = ["-C", tree, "hash-object", "-t", "commit", "-w", "--stdin"];
  return (await execa("git", args, { input: bytes(commit) })).stdout;
}

/**
 * Gives the commits with these ids (their first 12 digits) a plain author, date and message, and
 * drops those that change nothing, so that the others can be exported.
 */
export async function makePlain(tree: string, refused: ReadonlySet<string>): Promise<void> {
  let [parent, before] = [pin, await inGit(tree, "rev-parse", `${pin}^{tree}`)];
  for (const [index, id] of (await inGit(tree, "rev-list", "--reverse", `${pin}..HEAD`)).split("\n").entries()) {
    const files = await inGit(tree, "rev-parse", `${id}^{tree}`);
    const isPlain = refused.has(id.slice(0, 12));
    if (isPlain && files === before) continue;
    const { stdout } = await execa("git", ["-C", tree, "cat-file", "commit", id], {
      encoding: "latin1",
      stripFinalNewline: false,
    });
    parent = isPlain
      ? await writeCommit(tree, files, parent, `${authors[0]} ${dates[0]}`, `Plain ${index}\n\n${fields}`)
      : await writeRaw(tree, stdout.replace(/^parent .*$/m, `parent ${parent}`));
    before = files;
  }
  await inGit(tree, "reset", "--quiet", "--hard", parent);
}

function messageAtRandom(chance: Chance): string {
  const subject = chance() < 0.25 ? pick(chance, subjects) : `Change ${Math.floor(chance() * 1e6)}`;
  const body = Array.from({ length: Math.floor(chance() * 4) }, () => (chance() < 0.2 ? pick(chance, lines) : "Text."));
  const end = chance() < 0.97 ? fields : "Seed: none";
  return `${subject}\n\n${body.length > 0 ? `${body.join("\n")}\n\n` : ""}${end}`;
}

async function changeFile(tree: string, chance: Chance): Promise<void> {
  const path = (name: string) => Buffer.concat([Buffer.from(`${tree}/`), bytes(name)]);
  const name = pick(chance, names);
  const present = await lstat(path(name)).catch(() => undefined);
  const kind = chance();
  if (present === undefined || kind < 0.3) {
    await rm(path(name), { recursive: true, force: true });
    await mkdir(join(tree, "lib/deep"), { recursive: true });
    if (kind < 0.05) await symlink(bytes(pick(chance, ["a.txt", "nowhere", "caf\xe9"])), path(name));
    else await writeFile(path(name), bytes(pick(chance, contents)));
    return;
  }
  if (kind < 0.45) return rm(path(name), { recursive: true });
  if (kind < 0.6) return rename(path(name), path(`${name}.${(await readdir(tree)).length}`));
  if (!present.isFile()) return;
  if (kind < 0.7) return chmod(path(name), (present.mode & 0o111) === 0 ? 0o755 : 0o644);
  const text = (await readFile(path(name))).toString("latin1").split("\n");
  text.splice(Math.floor(chance() * text.length), Math.floor(chance() * 3), pick(chance, contents));
  await writeFile(path(name), bytes(text.join("\n")));
}
