import { chmod, mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { commitAll, inGit, writeFiles } from "./project.ts";
import { lines } from "./rebase.ts";

/** A change of a fork, and the file that it is in a foreign series. */
export interface ForeignPatch {
  readonly file: string;
  readonly edit: (tree: string) => Promise<void>;
  /** Arguments for git-diff(1). */
  readonly args?: readonly string[];
  /** Makes the text of the file of the diff; a character for each byte. */
  readonly shape?: (diff: string) => string;
}

const rewrite = (file: string, change: (text: string) => string) => async (tree: string) => {
  const text = await readFile(join(tree, file), "latin1").catch(() => "");
  await mkdir(dirname(join(tree, file)), { recursive: true });
  await writeFile(join(tree, file), change(text), "latin1");
};
const line = (before: string, after: string) => (text: string) => text.replace(`${before}\n`, `${after}\n`);
const mail = (subject: string, body: string, header: string) => (diff: string) =>
  `From ${"7".repeat(40)} Mon Sep 17 00:00:00 2001\n${header}Subject: [PATCH 3/9] ${subject}\n\n${body}---\n x | 2 +-\n\n${diff}-- \n2.39.5\n\n`;
const person = "From: =?UTF-8?q?J=C3=BCrgen_N=C3=BC?= <j@example.com>\nDate: Tue, 14 Nov 2023 10:00:00 +0800\n";

/** A series in what git-apply(1) takes and git-am(1) or a reader of this project may not. */
export const foreign: readonly ForeignPatch[] = [
  { file: "0001-plain-diff.patch", edit: rewrite("greeting.txt", () => "hello world\n") },
  {
    file: "0002-moved-lines.patch",
    edit: rewrite("long.txt", line("30", "thirty")),
    shape: (diff) =>
      diff.replaceAll(
        /^@@ -(\d+),(\d+) \+\d+,/gm,
        (_, at: string, count: string) => `@@ -${Number(at) - 9},${count} +${Number(at) - 9},`,
      ),
  },
  { file: "0003-carriage-returns.patch", edit: rewrite("returns.txt", (text) => text.replace("two\r\n", "two and more\r\n")) },
  { file: "0004-mode.patch", edit: async (tree) => chmod(join(tree, "run.sh"), 0o755) },
  { file: "0005-rename.patch", edit: async (tree) => rename(join(tree, "old.c"), join(tree, "new.c")), args: ["-M"] },
  { file: "0006-empty-file.patch", edit: rewrite("empty/file", () => "") },
  { file: "0007-no-line-end.patch", edit: rewrite("end.txt", () => "no end, still") },
  { file: "0008-less-context.patch", edit: rewrite("long.txt", line("12", "twelve")), args: ["-U1"] },
  { file: "0009-last-line.patch", edit: rewrite("long.txt", line("40", "forty")), args: ["-U1"] },
  { file: "0010-spaces.patch", edit: rewrite("spaces.c", () => "int a; \n\t \n \tint b;\t\n\n\n") },
  { file: "0011-bytes.patch", edit: rewrite("latin.txt", () => "gr\u00fc\u00df\n") },
  { file: "0012-binary.patch", edit: rewrite("image.bin", () => "\0\u0001\u00ff\0\n\0"), args: ["--binary"] },
  { file: "0013-link.patch", edit: async (tree) => symlink("lib", join(tree, "link")) },
  { file: "0014-delete.patch", edit: async (tree) => writeFiles(tree, { "lib/gone.c": undefined }) },
  {
    file: "a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0.patch",
    edit: rewrite("greeting.txt", () => "hello all\n"),
    shape: mail("lib: Greet all [again].", "Why.\n\nFrom: a peer, not an author\n\nSigned-off-by: J <j@example.com>\n", person),
  },
  {
    file: "0016-plain-diff.patch",
    edit: rewrite("long.txt", line("20", "twenty")),
    shape: mail("Keep twenty", "A text.\n\n-- \n", "From: Pat <pat@example.com>\n"),
  },
  {
    file: "0017-same-file-twice.patch",
    edit: rewrite("long.txt", line("2", "two")),
    shape: (diff) => `${diff}${diff.replaceAll("two", "TWO").replace("-2\n", "-two\n")}`,
  },
];

/** Files of the upstream of a foreign series, beside those of `makeUpstream`. */
const files = {
  "configure.ac": "AC_INIT(demo, 1.2.3, bugs)\n",
  "long.txt": lines(40),
  "returns.txt": "one\r\ntwo\r\nthree\r\n",
  "run.sh": "exit 0\n",
  "old.c": "int a;\nint b;\nint c;\nint d;\n",
  "end.txt": "no end",
  "lib/gone.c": "int gone;\n",
};

/**
 * Adds a commit to the upstream of `makeUpstream`, and makes a series of patches on top of it in a
 * folder. Returns the pin, the files of the series, and the tree that git-apply(1) makes of them.
 */
export async function makeForeign(folder: string, patches: readonly ForeignPatch[] = foreign) {
  const [upstream, fork, plain, series] = ["upstream", "fork", "plain", "series"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  await writeFiles(upstream, files);
  const pin = await commitAll(upstream, "Files");
  for (const tree of [fork, plain]) await execa("git", ["clone", "--quiet", upstream, tree]);
  await mkdir(series);
  for (const { file, edit, args = [], shape = (diff: string) => diff } of patches) {
    await edit(fork);
    await commitAll(fork, file);
    const { stdout } = await execa("git", ["-C", fork, "diff", ...args, "HEAD~", "HEAD"], {
      encoding: "latin1",
      stripFinalNewline: false,
    });
    await writeFile(join(series, file), shape(stdout), "latin1");
    await inGit(plain, "apply", "--whitespace=nowarn", join(series, file));
  }
  await inGit(plain, "add", "--all", "--force");
  return {
    pin,
    upstream,
    fork,
    series,
    files: patches.map(({ file }) => join(series, file)),
    tree: await inGit(plain, "write-tree"),
  };
}
