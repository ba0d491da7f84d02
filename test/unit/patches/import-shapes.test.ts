import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { find, makeFork, treesOf, type Fork } from "../../helpers/found.ts";
import { test } from "../../helpers/folder.ts";
import { inGit, writeFiles } from "../../helpers/project.ts";

let place = "";
let fork: Fork;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "kovn-test-"));
  fork = await makeFork(place);
});
afterAll(() => rm(place, { recursive: true, force: true }));

/** What git writes, byte by byte. */
function gitBytes(...args: readonly string[]): Buffer {
  return execFileSync("git", ["-C", fork.repository, ...args], {
    env: { PATH: process.env["PATH"] ?? "", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", LC_ALL: "C" },
  });
}

const mailOf = (id: string, ...more: readonly string[]) => gitBytes("format-patch", "--stdout", "-1", ...more, id);
const diffOf = (id: string, ...more: readonly string[]) => gitBytes("diff", `${id}^`, id, ...more);
const series = () => [...gitBytes("rev-list", "--reverse", `${fork.start}..HEAD`).toString().trim().split("\n")];

/** Writes a file for each commit, and returns their names. */
async function writeEach(folder: string, contentOf: (id: string, index: number) => Uint8Array | string, end = ".patch") {
  await mkdir(folder, { recursive: true });
  const names = fork.commits.map((_, index) => join(folder, `000${index + 1}-step${end}`));
  for (const [index, id] of fork.commits.entries()) await writeFile(names[index] ?? "", contentOf(id, index));
  return names;
}

/** Ends lines with a carriage return; those of a hunk's content only if `all`. */
function withReturns(patch: Buffer, which: "form" | "all"): Buffer {
  const lines = patch.toString("latin1").split("\n");
  const start = lines.findIndex((line) => line.startsWith("diff --git"));
  const isContent = (line: string, index: number) => index > start && /^(?:[ +-](?!-- |\+\+ )|$)/.test(line);
  const changed = lines.map((line, index) =>
    index === lines.length - 1 || (which === "form" && isContent(line, index)) ? line : `${line.replace(/\r$/, "")}\r`,
  );
  return Buffer.from(changed.join("\n"), "latin1");
}

/** A mail whose body is encoded. */
function encoded(mail: Buffer, encoding: "base64" | "quoted-printable", returns: boolean): string {
  const [header = "", ...rest] = mail.toString("latin1").split("\n\n");
  const body = rest.join("\n\n").replaceAll("\n", returns ? "\r\n" : "\n");
  const plain = header.replaceAll(/^(?:MIME-Version|Content-.*): .*\n?/gm, "").trimEnd();
  const quoted = body.replaceAll(
    /[^\n -<>-~]| (?=\r?\n)/g,
    (byte) => `=${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  const text = encoding === "base64" ? Buffer.from(body, "latin1").toString("base64").replaceAll(/.{76}/g, "$&\n") : quoted;
  return `${plain}\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: ${encoding}\n\n${text}\n`;
}

type Shape = (folder: string) => Promise<{ readonly from: readonly string[]; readonly order?: string }>;

const mails: Readonly<Record<string, Shape>> = {
  "a folder of mails": async (folder) => {
    gitBytes("format-patch", "--quiet", "-o", join(folder, "mails"), `${fork.start}..HEAD`);
    return { from: [join(folder, "mails")] };
  },
  "a folder of mails with a cover letter": async (folder) => {
    gitBytes("format-patch", "--quiet", "--cover-letter", "-v2", "-o", join(folder, "mails"), `${fork.start}..HEAD`);
    return { from: [join(folder, "mails")] };
  },
  "mails without the first line of an mbox": async (folder) => ({
    from: await writeEach(folder, (id) => mailOf(id).subarray(mailOf(id).indexOf("\n") + 1), ".eml"),
  }),
  "an mbox": async (folder) => {
    await writeFiles(folder, { "all.mbox": gitBytes("format-patch", "--stdout", `${fork.start}..HEAD`).toString() });
    return { from: [join(folder, "all.mbox")] };
  },
  "an mbox of a mailing list with an answer": async (folder) => {
    const text = gitBytes(
      "format-patch",
      "--stdout",
      "--cover-letter",
      "--subject-prefix=ovs-dev] [PATCH v3",
      `${fork.start}..HEAD`,
    );
    const answer =
      "From x@example.com Mon Sep 18 00:00:00 2023\nFrom: X <x@example.com>\nSubject: Re: [ovs-dev] [PATCH] x\n\n> diff --git a/x b/x\nOk.\n";
    await writeFiles(folder, { "all.mbox": `${text.toString()}\n${answer}` });
    return { from: [join(folder, "all.mbox")] };
  },
  "mails with carriage returns in their own lines": async (folder) => ({
    from: await writeEach(folder, (id) => withReturns(mailOf(id), "form")),
  }),
  "mails in base64": async (folder) => ({ from: await writeEach(folder, (id) => encoded(mailOf(id), "base64", false)) }),
  "mails in quoted-printable": async (folder) => ({
    from: await writeEach(folder, (id) => encoded(mailOf(id), "quoted-printable", false)),
  }),
  "mails with the patch attached": async (folder) => ({ from: await writeEach(folder, (id) => mailOf(id, "--attach")) }),
  "mails with full ids, binary data and no renames": async (folder) => ({
    from: await writeEach(folder, (id) => mailOf(id, "--full-index", "--binary", "--no-renames", "--no-signature")),
  }),
  "mails with other prefixes": async (folder) => ({
    from: await writeEach(folder, (id) => mailOf(id, "--src-prefix=i/", "--dst-prefix=w/")),
  }),
  "mails without prefixes": async (folder) => ({ from: await writeEach(folder, (id) => mailOf(id, "--no-prefix")) }),
  "a range of commits": async () => ({ from: [`${fork.repository}#${fork.start}..main`] }),
  "commits one by one": async () => ({ from: fork.commits.map((id) => `${fork.repository}#${id.slice(0, 12)}`) }),
  "a range of commits of an address": async () => ({ from: [`file://${fork.repository}#main~5..main`] }),
};

const subjects = () => gitBytes("log", "--reverse", "--format=%s", `${fork.start}..HEAD`).toString().trim().split("\n");

describe("patches with a header", () => {
  test.for(Object.entries(mails))(
    "in the shape of %s give trees, author, date, message and commit of the fork",
    async ([, shape], { folder }) => {
      const { from, order } = await shape(folder);
      const { found } = await find(folder, from, { order });
      // Of the file whose content has carriage returns, only the tree shows whether they are its own.
      const diffs = found.map(({ diff, withReturns: kept }, index) => (index === 3 ? (kept ?? diff) : diff));
      expect(await treesOf(fork, diffs, folder)).toEqual(fork.trees);
      expect(found.map(({ subject }) => subject)).toEqual(subjects());
      expect(found.map(({ body }) => body)).toEqual(["Why: ü.\n\nSigned-off-by: A <a@example.com>", "", "", "", ""]);
      expect(found[0]).toMatchObject({
        author: { name: "Jürgen Grün", email: "j.gruen@example.com" },
        date: "2023-11-14T19:43:20-03:30",
        fields: {},
      });
      const isWithoutId = from.some((file) => file.endsWith(".eml"));
      expect(found.map(({ commit }) => commit)).toEqual(isWithoutId ? fork.commits.map(() => undefined) : series());
    },
  );
});

const plain: Readonly<Record<string, Shape>> = {
  "a folder of diffs": async (folder) => {
    await writeEach(folder, (id) => diffOf(id), ".diff");
    return { from: [folder] };
  },
  "diffs of diff(1) in a quilt series with several levels": async (folder) => {
    const content = (id: string, index: number) => {
      const names = index === 3 ? ["--no-prefix"] : ["--src-prefix=demo.orig/", "--dst-prefix=demo/"];
      const text = gitBytes("-c", "core.quotePath=false", "diff", "--no-renames", ...names, `${id}^`, id).toString("latin1");
      const dated = text.replaceAll(/^(---|\+\+\+) "?([^\n\t"]+)"?\t?$/gm, (_, sign: string, name: string) =>
        name === "/dev/null"
          ? `${sign} demo/x\t1970-01-01 01:00:00.000000000 +0100`
          : `${sign} ${name}\t2023-11-14 22:13:20.000000000 +0000`,
      );
      return Buffer.from(
        `Index: x\n${"=".repeat(67)}\n${dated.replaceAll(/^(?:diff --git|index|new file|deleted file|old mode|new mode).*\n/gm, "")}`,
        "latin1",
      );
    };
    const names = (await writeEach(folder, content)).map((path) => path.split("/").at(-1));
    const rows = names.map((name, index) => `${name}${["", " -p1", "  # why", " -p0", " -p1 # x"][index]}`);
    await writeFiles(folder, { series: `# A comment.\n\n${rows.join("\n")}\n#unused.patch\n` });
    return { from: [folder] };
  },
  "what `git show` prints": async (folder) => ({ from: await writeEach(folder, (id) => gitBytes("show", id)) }),
  "a series of another name": async (folder) => {
    const names = await writeEach(join(folder, "files"), (id) => diffOf(id));
    await writeFiles(folder, { "demo.series": names.map((name) => `files/${name.split("/").at(-1)}\n`).join("") });
    return { from: [join(folder, "demo.series")] };
  },
  "a series as the order of files elsewhere": async (folder) => {
    const names = await writeEach(join(folder, "files"), (id) => diffOf(id));
    const rows = names.map((name) => `${name.split("/").at(-1)}\n`);
    await writeFiles(folder, { "elsewhere/series": rows.join("") });
    return { from: [...names].toReversed(), order: join(folder, "elsewhere/series") };
  },
  "an order of commits by their ids": async (folder) => {
    await writeFiles(folder, { "elsewhere/series": fork.commits.map((id) => `${id}.patch\n`).join("") });
    return { from: [`${fork.repository}#${fork.start}..main`], order: join(folder, "elsewhere/series") };
  },
};

describe("patches without a header, or one that is not a mail's,", () => {
  test.for(Object.entries(plain))("in the shape of %s give the trees of the fork", async ([name, shape], { folder }) => {
    const { from, order } = await shape(folder);
    const { found } = await find(folder, from, { order });
    const trees = await treesOf(
      fork,
      found.map(({ diff }) => diff),
      folder,
    );
    // diff(1) knows no modes.
    expect(trees.slice(0, name.includes("diff(1)") ? 4 : 5)).toEqual(fork.trees.slice(0, name.includes("diff(1)") ? 4 : 5));
    expect(trees).not.toContain(undefined);
  });

  test("of `git show` have its author, date, message and commit", async ({ folder }) => {
    const [first = ""] = fork.commits;
    await writeFiles(folder, { "x.patch": gitBytes("show", first).toString() });
    const { found } = await find(folder, [join(folder, "x.patch")]);
    expect(found[0]).toMatchObject({
      subject: subjects()[0],
      body: "Why: ü.\n\nSigned-off-by: A <a@example.com>",
      author: { name: "Jürgen Grün", email: "j.gruen@example.com" },
      date: "2023-11-14T19:43:20-03:30",
      commit: first,
    });
  });
});

describe("a file with a carriage return at the end of each line", () => {
  test("gives the diff without and with those of its content", async ({ folder }) => {
    const from = await writeEach(folder, (id) => withReturns(mailOf(id), "all"));
    const { found } = await find(folder, from);
    const diffs = found.map(({ diff, withReturns: kept }, index) => (index === 3 ? kept : diff) ?? Buffer.alloc(0));
    expect(await treesOf(fork, diffs, folder)).toEqual(fork.trees);
    expect(found.map(({ subject }) => subject)).toEqual(subjects());
  });
});

describe("paths for another strip level", () => {
  const paths = async () => new Set(gitBytes("ls-tree", "-r", "-z", "--name-only", fork.start).toString("latin1").split("\0"));
  const level = (id: string) => diffOf(id, "--no-renames", "--src-prefix=a/demo/", "--dst-prefix=b/demo/");

  test("are found by the tree, and a notice says so", async ({ folder }) => {
    const { found, seen } = await find(folder, await writeEach(folder, level), { paths });
    expect(
      await treesOf(
        fork,
        found.map(({ diff }) => diff),
        folder,
      ),
    ).toEqual(fork.trees);
    expect(seen.filter((row) => row.includes("with -p2, not with -p1"))).toHaveLength(5);
  });

  test("are refused where a series says another level", async ({ folder }) => {
    await writeEach(folder, level);
    const names = (await readdir(folder)).filter((name) => name.endsWith(".patch")).toSorted();
    await writeFiles(folder, { series: names.map((name) => `${name} -p1\n`).join("") });
    await expect(find(folder, [folder], { paths })).rejects.toMatchObject({
      code: "project",
      message: expect.stringContaining(
        "series:1:1: The tree has no file of this patch with -p1, and all of them with -p2: write -p2.",
      ),
    });
  });

  test("of files that the series makes are found", async ({ folder }) => {
    const { found } = await find(folder, await writeEach(folder, (id) => diffOf(id)), { paths });
    expect(
      await treesOf(
        fork,
        found.map(({ diff }) => diff),
        folder,
      ),
    ).toEqual(fork.trees);
  });
});

describe("a header", () => {
  const one = async (folder: string, text: string) => {
    await writeFiles(folder, { "0007-some-name.patch": text });
    const { found } = await find(folder, [join(folder, "0007-some-name.patch")]);
    return found[0];
  };
  const diff = "--- a/greeting.txt\n+++ b/greeting.txt\n@@ -1 +1 @@\n-hello\n+hello you\n";

  test("by DEP-3 gives the author, the message and the fields", async ({ folder }) => {
    const text =
      "Description: Greet you\n The first line.\n .\n The second.\nAuthor: Ann Bee <ann@example.com>\nOrigin: upstream, https://example.com/1\nBug-Debian: https://bugs.example.com/2\nForwarded: not-needed\nLast-Update: 2023-11-14\n---\nThis patch header follows DEP-3.\n";
    expect(await one(folder, `${text}${diff}`)).toMatchObject({
      name: "some-name",
      subject: "Greet you",
      body: "The first line.\n\nThe second.\n\nBug-Debian: https://bugs.example.com/2",
      author: { name: "Ann Bee", email: "ann@example.com" },
      fields: { Origin: "upstream, https://example.com/1", Forwarded: "not-needed", "Last-Update": "2023-11-14" },
    });
  });

  test("of text has the subject in its first line", async ({ folder }) => {
    const text = "Greet you.\nFrom: Ann Bee <ann@example.com>\n\nWhy.\n greeting.txt | 2 +-\n 1 file changed\n\nIndex: x\n";
    expect(await one(folder, `${text}${diff}`)).toMatchObject({
      subject: "Greet you.",
      body: "Why.",
      author: { name: "Ann Bee", email: "ann@example.com" },
      diff: Buffer.from(`diff --git a/greeting.txt b/greeting.txt\n${diff}`),
    });
  });

  test("of a mail gives our fields apart, and notes below `---` do not belong to the message", async ({ folder }) => {
    const text =
      "From: Ann Bee <ann@example.com>\nDate: Tue, 14 Nov 2023 22:13:20 +0000\nSubject: [ovs-dev] [PATCH net v2 3/5] [windows] Greet\n you\n\nWhy.\n\nSigned-off-by: A <a@example.com>\nOrigin: vendor\nSeed: none\n---\nv2: notes\n greeting.txt | 2 +-\n\n";
    expect(await one(folder, `${text}${diff}-- \n2.39.5\n`)).toMatchObject({
      subject: "[windows] Greet you",
      body: "Why.\n\nSigned-off-by: A <a@example.com>",
      fields: { Origin: "vendor", Seed: "none" },
    });
  });

  test("that is not there leaves subject and author open, and the name of the file may be the commit", async ({ folder }) => {
    const id = "0123456789".repeat(4);
    await writeFiles(folder, { [`${id}.diff`]: diff });
    const { found } = await find(folder, [folder]);
    expect(found[0]).toMatchObject({ commit: id, fields: {} });
    expect(found[0]?.subject).toBeUndefined();
    expect(found[0]?.author).toBeUndefined();
  });
});

test("a binary file with its data is read", async ({ folder }) => {
  const start = gitBytes("rev-parse", "HEAD").toString().trim();
  const work = join(folder, "work");
  await inGit(folder, "clone", "--quiet", fork.repository, work);
  await writeFile(join(work, "data.bin"), Buffer.from([0, 1, 2, 3, 255, 0, 10, 13]));
  await inGit(work, "add", "--all");
  await inGit(work, "commit", "--quiet", "--message", "Data");
  await inGit(work, "format-patch", "--quiet", "--full-index", "-1", "-o", "../mails");
  const { found } = await find(folder, [join(folder, "mails")]);
  const trees = await treesOf(
    { repository: work, start },
    found.map(({ diff }) => diff),
    folder,
  );
  expect(trees).toEqual([await inGit(work, "rev-parse", "HEAD^{tree}")]);
  expect(await readFile(join(work, "data.bin"))).toHaveLength(8);
});
