import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { readOrder } from "../../../src/patches/import/order.ts";
import { selectEntries } from "../../../src/patches/import/select-entries.ts";
import { find } from "../../helpers/found.ts";
import { test } from "../../helpers/folder.ts";
import { mail, replaceLine, writeFiles, type Files } from "../../helpers/project.ts";

/** Patches by what they change: their names, where nothing else is known. */
const patch = (name: string) => replaceLine(`${name}.txt`, "a", "b");
const demo = { name: "demo", upstream: "https://example.com/demo.git" };

/** Files that name patches, and what they say: name, level and subject of each. */
const orders: Readonly<Record<string, readonly [text: string, entries: readonly string[]]>> = {
  "a quilt series": [
    "# Comment\n\none.patch\n two.patch  -p0 # why\n#three.patch\nsub/four.patch -pab\n",
    ["one.patch", "two.patch -p0", "sub/four.patch -p1"],
  ],
  "a Dockerfile with a command a line": [
    "FROM debian\n# Greet\nRUN git apply /patches/one.patch\n# Greet all.\nRUN patch -p0 < two.patch\nRUN git am three.patch\n",
    ["/patches/one.patch: Greet", "two.patch -p0: Greet all", "three.patch"],
  ],
  "continued lines, comments between them, and empty lines": [
    "RUN cd /usr/src && \\\n    git clone -b x --depth=1 https://example.com/demo.git && \\\n    cd demo && \\\n    # Raise the timer\n    # https://example.com/why\n    curl -s https://example.com/1.patch | git apply && \\\n\n    # Log more\n    curl -fsSL \\\n      https://example.com/2.patch \\\n      | git apply -p1 - && \\\n    make\n",
    ["https://example.com/1.patch: Raise the timer", "https://example.com/2.patch -p1: Log more"],
  ],
  "variables of the file, and others in folders": [
    'ARG REPO=https://example.com\nENV ID=abc DIR=/x\nENV OLD value\nRUN curl "$REPO/$ID.patch" | git apply && git apply $SRC_DIR/one.patch ${DIR}/two.patch && wget -qO- ${OTHER:-https://example.com}/3.patch | patch -Np1\n',
    ["https://example.com/abc.patch", "$SRC_DIR/one.patch", "/x/two.patch", "https://example.com/3.patch -p1"],
  ],
  "several commands in a line": [
    "#!/bin/bash -ex\ngit apply one.patch; git -C . apply --whitespace=nowarn -v two.patch 2>&1 | tee log\npatch -p1 -i three.patch >/dev/null && cat four.patch | patch -p 2 -F0 --verbose\nif ! patch --strip=1 --input=five.patch; then exit 1; fi\n(sudo git am --3way '/a b/six.patch')\n",
    ["one.patch", "two.patch", "three.patch -p1", "four.patch -p2", "five.patch -p1", "/a b/six.patch"],
  ],
  "commands that only check, or end git am": [
    "RUN git apply --check one.patch && git apply one.patch || git am --abort\nRUN patch -p1 --dry-run < one.patch\n",
    ["one.patch"],
  ],
  "files that are downloaded first": [
    "ADD https://example.com/one.patch /tmp/\nADD https://example.com/x /tmp/two.patch\nRUN curl -Lo three.patch https://example.com/y && wget https://example.com/four.patch && git apply /tmp/one.patch /tmp/two.patch three.patch four.patch\n",
    ["/tmp/one.patch", "/tmp/two.patch", "three.patch", "four.patch"],
  ],
};

describe("an order file", () => {
  test.for(Object.entries(orders))("of %s names patches in order", async ([, [text, entries]], { folder }) => {
    await writeFiles(folder, { order: text });
    const read = await readOrder(join(folder, "order"));
    const shown = read.map(
      ({ name, level, comment }) =>
        `${name}${level === undefined ? "" : ` -p${level}`}${comment?.subject === undefined ? "" : `: ${comment.subject}`}`,
    );
    expect(shown).toEqual(entries);
  });

  test("knows where files were downloaded from", async ({ folder }) => {
    await writeFiles(folder, { order: orders["files that are downloaded first"]?.[0] });
    const read = await readOrder(join(folder, "order"));
    const last = ["one.patch", "x", "y", "four.patch"];
    expect(read.map(({ url }) => url)).toEqual(last.map((name) => `https://example.com/${name}`));
  });

  const dockerfile =
    "FROM debian\nWORKDIR /src\nRUN git clone --depth 1 -b x https://example.com/demo.git work && cd work && git apply /p/one.patch\nRUN git clone https://example.com/other && cd other/sub && git apply /p/two.patch && for p in /p/*; do git apply $p; done\nRUN cd /src/demo-1.2.3 && git apply /p/three.patch\n";

  test("that patches several sources gives the part of each", async ({ folder }) => {
    await writeFiles(folder, { Dockerfile: dockerfile });
    const path = join(folder, "Dockerfile");
    const entries = await readOrder(path);
    expect(selectEntries(entries, demo, path).map(({ name }) => name)).toEqual(["/p/one.patch", "/p/three.patch"]);
    const other = { name: "x", upstream: "git@example.com:y/other.git" };
    expect(selectEntries(entries, other, path).map(({ name, problem }) => problem ?? name)).toEqual([
      "/p/two.patch",
      "`$p` is not known here. Write a series: a file with the name of one patch a line.",
    ]);
    expect(() => selectEntries(entries, { name: "x", upstream: "y" }, path)).toThrow(
      /patches in the folders `work`, `other`, `demo-1.2.3`/,
    );
  });
});

describe("patches in the order of a Dockerfile", () => {
  const files: Files = {
    Dockerfile:
      "RUN cd demo && \\\n  # Two first\n  git apply $P/two.patch && \\\n  git apply $P/x/one.patch\nRUN cd other && git apply $P/other.patch\n",
    "patches/x/one.patch": mail("One", patch("one")),
    "patches/y/one.patch": mail("Not this one", patch("one")),
    "patches/two.patch": patch("two"),
    "patches/other.patch": patch("other"),
    "patches/unused.patch": patch("unused"),
    "patches/README.md": "x\n",
  };

  test("have its comments as subjects where they have no header, and others are left out with a notice", async ({ folder }) => {
    await writeFiles(folder, files);
    const { found, seen } = await find(folder, [join(folder, "patches")], { order: join(folder, "Dockerfile") });
    expect(found.map(({ subject }) => subject)).toEqual(["Two first", "One"]);
    expect(seen.filter((row) => row.startsWith("notice"))).toEqual([
      `notice: ${join(folder, "Dockerfile")} does not name ${join(folder, "patches/unused.patch")}, ${join(folder, "patches/y/one.patch")}: left out.`,
    ]);
  });

  test("must all be there", async ({ folder }) => {
    await writeFiles(folder, { ...files, "patches/two.patch": undefined });
    await expect(find(folder, [join(folder, "patches")], { order: join(folder, "Dockerfile") })).rejects.toMatchObject({
      code: "project",
      message: expect.stringContaining("Dockerfile:3:1: `$P/two.patch` is named here, but is not among what is imported."),
    });
  });

  test("must be named, if they are given one by one", async ({ folder }) => {
    await writeFiles(folder, files);
    const given = ["two", "x/one", "unused"].map((name) => join(folder, `patches/${name}.patch`));
    await expect(find(folder, given, { order: join(folder, "Dockerfile") })).rejects.toMatchObject({
      message: expect.stringContaining("patches/unused.patch:1:1: "),
    });
  });

  test("are applied once", async ({ folder }) => {
    await writeFiles(folder, { ...files, order: "two.patch\nx/one.patch\ntwo.patch\n" });
    await expect(find(folder, [join(folder, "patches")], { order: join(folder, "order") })).rejects.toMatchObject({
      message: expect.stringContaining("order:3:1: Line 1 applies this patch already."),
    });
  });

  test("must not be ambiguous", async ({ folder }) => {
    await writeFiles(folder, { ...files, order: "one.patch\n" });
    await expect(find(folder, [join(folder, "patches")], { order: join(folder, "order") })).rejects.toMatchObject({
      message: expect.stringContaining("order:1:1: `one.patch` may be "),
    });
  });
});

describe("patches of a web server", () => {
  const id = "0123456789".repeat(4);
  const pages: Readonly<Record<string, string>> = {
    [`/demo/commit/${id}.patch`]: mail("One", patch("one")).replace("0".repeat(40), id),
    "/all.mbox": `${mail("One", patch("one"))}\n${mail("Two", patch("two"))}`,
    "/page": "<!DOCTYPE html>\n<html></html>\n",
    "/plain.diff?id=1": patch("two"),
  };
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const text = pages[request.url ?? ""];
    response.writeHead(text === undefined ? 404 : 200).end(text ?? "none");
  });
  let site = "";
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test("are downloaded: the patch of a commit's page, an mbox, a diff", async ({ folder }) => {
    const { found } = await find(folder, [`${site}/demo/commit/${id}#diff-1`, `${site}/all.mbox`, `${site}/plain.diff?id=1`]);
    expect(found.map(({ subject, commit, origin }) => [subject, commit, origin])).toEqual([
      ["One", id, `${site}/demo/commit/${id}`],
      ["One", undefined, `${site}/all.mbox`],
      ["Two", undefined, `${site}/all.mbox`],
      [undefined, undefined, `${site}/plain.diff?id=1`],
    ]);
  });

  test("are downloaded in the order of a Dockerfile, unless there is a file of that commit", async ({ folder }) => {
    const other = "a".repeat(40);
    await writeFiles(folder, {
      Dockerfile: `RUN curl -s ${site}/plain.diff?id=1 | git apply && \\\n# Here\ncurl -s ${site}/demo/commit/${other}.patch | git apply\n`,
      [`files/${other}.patch`]: patch("here"),
    });
    const { found } = await find(folder, [join(folder, "files")], { order: join(folder, "Dockerfile") });
    expect(found.map(({ subject, at }) => [subject, at])).toEqual([
      [undefined, `${site}/plain.diff?id=1`],
      ["Here", join(folder, `files/${other}.patch`)],
    ]);
    expect(asked.some((path) => path.includes(other))).toBe(false);
  });

  const wrong: Readonly<Record<string, readonly [path: string, code: string, message: string]>> = {
    "an address that is not there": ["/none", "network", "/none returned status 404."],
    "a web page": ["/page", "project", "/page:1:1: This is a web page, not a patch."],
  };
  test.for(Object.entries(wrong))("must not be %s", async ([, [path, code, message]], { folder }) => {
    await expect(find(folder, [`${site}${path}`])).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test("must not have a login in the address, which is published", async ({ folder }) => {
    await expect(find(folder, ["http://me:secret@127.0.0.1:9/x.patch"])).rejects.toMatchObject({ code: "usage" });
  });

  test("that nothing serves are a failure of the network", async ({ folder }) => {
    await expect(find(folder, ["http://127.0.0.1:1/x.patch"])).rejects.toMatchObject({
      code: "network",
      message: expect.stringContaining("http://127.0.0.1:1/x.patch cannot be downloaded"),
    });
  });
});
