import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { listRoots, newestRoot, removeRoots } from "../../../src/root/keep.ts";
import { takeRoots } from "../../../src/root/take-roots.ts";
import { lockIn, withLock } from "../../../src/sys/with-lock.ts";
import {
  makeMaker,
  makeSigner,
  startsOf,
  test as withArchive,
  type FixtureArchive,
  type FixtureState,
} from "../../helpers/archive.ts";
import { host, watchTask } from "../../helpers/host.ts";

const first: FixtureState = { packages: { demo: { depends: "base" }, base: {}, other: {}, unused: {} } };
const second: FixtureState = { packages: { ...first.packages, base: { version: "2" } } };

/** Programs that make roots of an archive, in an empty folder. */
const test = withArchive.extend<{ makes: Awaited<ReturnType<typeof makeWorld>> }>({
  makes: async ({ archive, folder }, use) => use(await makeWorld(archive, folder)),
});

async function makeWorld(archive: FixtureArchive, folder: string) {
  const bin = await makeMaker(folder);
  const { task, seen } = watchTask();
  const own = { ...host, task, env: { PATH: `${bin}:${host.env["PATH"]}` } };
  const { known, mirrors } = archive;
  const work = join(folder, "work");
  await archive.publish(first);
  const takeAll = async (lists: readonly (readonly string[])[], run = "one") => {
    await mkdir(join(work, "runs", run), { recursive: true });
    return takeRoots({ known, arch: "amd64", mirrors }, lists, { work, run: join(work, "runs", run), host: own });
  };
  const take = async (run?: string) => (await takeAll([["demo"]], run))[0] ?? expect.fail();
  const started = async () => startsOf(folder);
  const roots = async () => (await readdir(join(work, "roots"))).filter((name) => name !== "archives").toSorted();
  const downloads = () => archive.requests.filter((path) => path.endsWith(".deb")).toSorted();
  return { archive, known, work, take, takeAll, started, roots, downloads, seen, host: own };
}

const [demo, base, other] = ["/debian/pool/demo_1.2_all.deb", "/debian/pool/base_1.2_all.deb", "/debian/pool/other_1.2_all.deb"];

describe.concurrent("a root", () => {
  test("is made once for the same packages and the same state of the archive", async ({ makes }) => {
    const root = await makes.take();
    expect(root).toMatchObject({ name: "debian:12", packages: { demo: "1.2" }, size: expect.any(Number) });
    expect(await makes.take("two")).toEqual(root);
    expect(await makes.started()).toEqual(["base_1.2_all.deb demo_1.2_all.deb"]);
    expect((await readFile(join(root.tree, "etc/passwd"), "utf8")).split(":")[0]).toBe("builder");
    for (const gone of ["var/lib/apt/lists", "../apt", "../tmp"]) expect(existsSync(join(root.tree, gone))).toBe(false);
  });

  test("has what it needs, and each package is downloaded once for all roots", async ({ makes }) => {
    const [one, two] = await makes.takeAll([["demo"], ["demo", "other"]]);
    expect(two?.tree).not.toBe(one?.tree);
    expect((await makes.started()).toSorted()).toEqual([
      "base_1.2_all.deb demo_1.2_all.deb",
      "base_1.2_all.deb demo_1.2_all.deb other_1.2_all.deb",
    ]);
    expect(makes.downloads()).toEqual([base, demo, other]);
    await makes.archive.publish(second);
    await makes.take();
    expect(makes.downloads()).toEqual([base, "/debian/pool/base_2_all.deb", demo, other]);
  });

  test("is made again when one of its packages has changed, and the old one is removed", async ({ makes }) => {
    const old = await makes.take();
    await makes.archive.publish(second);
    const root = await makes.take();
    expect(root.tree).not.toBe(old.tree);
    expect(await makes.roots()).toEqual([root.tree.split("/").at(-2)]);
    expect(await newestRoot({ known: makes.known, arch: "amd64", packages: ["demo"] }, makes.work)).toEqual(root);
  });

  test("stays when other packages of the archive have changed", async ({ makes }) => {
    const old = await makes.take();
    await makes.archive.publish({ packages: { ...first.packages, unused: { version: "3" } } });
    const root = await makes.take();
    expect(root).toEqual({ ...old, releases: root.releases });
    expect(root.releases).not.toEqual(old.releases);
    expect(await makes.started()).toHaveLength(1);
    expect(await newestRoot({ known: makes.known, arch: "amd64", packages: ["demo"] }, makes.work)).toEqual(root);
  });

  test("that cross-compiles is another one, with packages of two architectures", async ({ makes, folder }) => {
    const root = await makes.take();
    const request = { known: makes.known, arch: "amd64", foreign: "arm64", mirrors: makes.archive.mirrors };
    const [cross] = await takeRoots(request, [["demo", "other"]], { work: makes.work, host: makes.host });
    expect(cross?.tree).toMatch(/\/debian-12-amd64-arm64-[-0-9a-f]+\/tree$/);
    expect(cross?.packages).toEqual({ demo: "1.2", "libdemo:arm64": "1.3" });
    expect(await readFile(join(folder, "arguments"), "utf8")).toContain(" --architectures=amd64,arm64 ");
    expect((await makes.take()).tree).toBe(root.tree);
    expect(await removeRoots(makes.work, makes.host)).toBe(2);
  });

  test("stays while a run uses it", async ({ makes }) => {
    const root = await makes.take("one");
    const use = { host: makes.host, other: "is at work" };
    await withLock(lockIn(join(makes.work, "runs/one")), use, async () => {
      await makes.archive.publish(second);
      await makes.take("two");
      expect(existsSync(root.tree)).toBe(true);
      expect(await removeRoots(makes.work, makes.host)).toBe(1);
      expect(existsSync(root.tree)).toBe(true);
    });
    expect(await removeRoots(makes.work, makes.host)).toBe(1);
    expect(await makes.roots()).toEqual([]);
    expect(await readdir(join(makes.work, "roots/archives"))).toEqual([]);
  });

  test("is listed with its size and the last time that a run used it, and forgets runs that are gone", async ({ makes }) => {
    const root = await makes.take("one");
    await rm(join(makes.work, "runs/one"), { recursive: true });
    await makes.take("two");
    expect(await readdir(join(root.tree, "../uses"))).toEqual(["two"]);
    const [listed, ...others] = await listRoots(makes.work);
    expect(others).toEqual([]);
    expect(listed).toMatchObject(root);
    expect(listed?.used).toBeGreaterThanOrEqual(Math.floor(Date.parse(root.made) / 1000) * 1000);
  });
});

describe.concurrent("what was downloaded", () => {
  test("and is damaged is downloaded again", async ({ makes }) => {
    const root = await makes.take();
    const archives = join(makes.work, "roots/archives");
    const [name = ""] = await readdir(archives);
    const file = join(archives, name, "var/cache/apt/archives/base_1.2_all.deb");
    const content = await readFile(file, "utf8");
    await writeFile(file, content.toUpperCase());
    await makes.takeAll([["demo", "other"]]);
    expect(makes.downloads()).toEqual([base, base, demo, other]);
    expect(await readFile(file, "utf8")).toBe(content);
    expect(root.size).toBeGreaterThan(0);
  });

  test("by a run that was stopped half-way is completed by the next one", async ({ makes }) => {
    const controller = new AbortController();
    const stopped = { ...makes.host, signal: controller.signal };
    makes.archive.answer = (path, response) => {
      if (path !== demo) return false;
      response.writeHead(200, { "Content-Length": "1000" });
      response.write("pack", () => controller.abort(new Error("stopped")));
      return true;
    };
    const run = join(makes.work, "runs/one");
    await mkdir(run, { recursive: true });
    const request = { known: makes.known, arch: "amd64", mirrors: makes.archive.mirrors };
    await expect(takeRoots(request, [["demo"]], { work: makes.work, run, host: stopped })).rejects.toThrow("stopped");
    expect(await makes.roots()).toEqual([]);
    makes.archive.answer = undefined;
    await makes.take();
    expect(await makes.started()).toEqual(["base_1.2_all.deb demo_1.2_all.deb"]);
  });

  test("by two runs at once is downloaded once", async ({ makes }) => {
    const roots = await Promise.all([makes.takeAll([["demo"]], "one"), makes.takeAll([["demo", "other"], ["demo"]], "two")]);
    expect(new Set(roots.flat().map(({ tree }) => tree)).size).toBe(2);
    expect(makes.downloads()).toEqual([base, demo, other]);
  });
});

type World = Awaited<ReturnType<typeof makeWorld>>;
const inRelease = "/debian/dists/bookworm/InRelease";
const edit = ({ archive }: World, path: string, change: (text: string) => string) =>
  archive.files.set(path, change(archive.files.get(path) ?? expect.fail()));

/** What is wrong with an archive, the code of the error, what it says and its hint; and what happens when a root is kept. */
const lies: readonly (readonly [string, (world: World) => unknown, string, RegExp, RegExp, "fails" | "uses the kept root"])[] = [
  [
    "of which one byte was changed after it was signed",
    (world) => edit(world, inRelease, (text) => text.replace("Origin: Debian", "Origin: Debiam")),
    "digest",
    /BADSIG|not signed/,
    /debian-archive-keyring/,
    "fails",
  ],
  [
    "that somebody else has signed",
    async ({ archive }) => {
      await using thief = await makeSigner();
      const text = archive.files.get(inRelease) ?? expect.fail();
      archive.files.set(
        inRelease,
        await thief.sign(text.replace(/^-----BEGIN PGP SIGNED[^]*?\n\n|-----BEGIN PGP SIGNATURE[^]*/g, "")),
      );
    },
    "digest",
    /NO_PUBKEY|not signed/,
    /debian-archive-keyring/,
    "fails",
  ],
  [
    "that has expired",
    ({ archive }) => archive.publish({ ...first, fields: "Valid-Until: Wed, 01 Jan 2025 00:00:00 UTC\n" }),
    "digest",
    /InRelease is expired/,
    /check the clock/,
    "fails",
  ],
  [
    "whose server answers with a web page",
    ({ archive }) => archive.files.set(inRelease, "<html>Log in</html>"),
    "digest",
    /Clearsigned file isn't valid/,
    /--mirror URL/,
    "fails",
  ],
  [
    "that does not have the distribution",
    ({ archive }) => archive.files.clear(),
    "network",
    /404 {2}Not Found|does not have a Release file/,
    /check the network, or name another archive/,
    "uses the kept root",
  ],
  [
    "that does not answer",
    ({ archive }) => archive[Symbol.asyncDispose](),
    "network",
    /Could not connect|Connection failed/,
    /check the network/,
    "uses the kept root",
  ],
  [
    "whose list of packages is missing",
    async ({ archive }) => {
      await archive.publish(second);
      archive.files.delete("/debian/dists/bookworm/main/binary-amd64/Packages");
    },
    "network",
    /Packages +404/,
    /--mirror URL/,
    "uses the kept root",
  ],
  [
    "whose list of packages is of another state",
    async (world) => {
      await world.archive.publish(second);
      edit(world, "/debian/dists/bookworm/main/binary-amd64/Packages", (text) => text.replace("Maintainer: x", "Maintainer: y"));
    },
    "network",
    /Hash Sum mismatch/,
    /try again in some minutes/,
    "uses the kept root",
  ],
];

describe.concurrent("an archive", () => {
  test.for(lies)("%s is an error, or the kept root is used", async ([, lie, code, message, hint, outcome], { makes }) => {
    const kept = await makes.take();
    await lie(makes);
    const wrong = { code, message: expect.stringMatching(message), hint: expect.stringMatching(hint) };
    if (outcome === "fails") await expect(makes.take()).rejects.toMatchObject(wrong);
    else expect(await makes.take()).toEqual(kept);
    const notices = makes.seen.filter((line) => line.startsWith("notice: "));
    expect(notices.map((line) => line.split("\n").at(-1))).toEqual(
      outcome === "fails" ? [] : [`The newest one that is kept is used, of ${kept.made}.`],
    );
    await removeRoots(makes.work, makes.host);
    await expect(makes.take()).rejects.toMatchObject(wrong);
    expect(await makes.started()).toHaveLength(1);
    expect(await makes.roots()).toEqual([]);
  });

  test("that lacks a file of a package fails, and nothing is made", async ({ makes }) => {
    makes.archive.files.delete(base);
    await expect(makes.take()).rejects.toMatchObject({ code: "network", message: expect.stringContaining("404  Not Found") });
    makes.archive.files.set(base, "package base 1.3");
    await expect(makes.take()).rejects.toMatchObject({
      code: "network",
      message: expect.stringContaining("Hash Sum mismatch"),
      hint: expect.stringContaining("try again"),
    });
    expect(await makes.started()).toEqual([]);
    expect(await makes.roots()).toEqual([]);
  });

  test("that lacks packages is found before anything is downloaded", async ({ makes }) => {
    await expect(makes.takeAll([["demo"], ["nothing", "demo", "never"]])).rejects.toMatchObject({
      code: "project",
      message: "Root debian:12 cannot be made: debian 12 has no package nothing, never.",
      hint: expect.stringContaining("`packages`"),
    });
    expect(makes.downloads()).toEqual([]);
    await makes.archive.publish({ packages: { demo: { depends: "base" } } });
    await expect(makes.take()).rejects.toMatchObject({
      code: "network",
      message: expect.stringContaining("demo : Depends: base but it is not installable"),
      hint: expect.stringContaining("not of one state"),
    });
  });
});

describe.concurrent("a root that cannot be made", () => {
  test.for([
    ["a full disk", "dpkg: error: write: No space left on device", "machine", "No space left on device", "free some space"],
    [
      "a package that cannot be installed",
      "dpkg: error processing package demo (--configure):\n demo package post-installation script failed",
      "build",
      "Package demo cannot be installed in root debian:12:",
      undefined,
    ],
    ["nothing that says why", "oh no", "network", "cannot be made:\n  oh no", "check the network"],
  ] as const)("because of %s leaves nothing", async ([, said, code, message, hint], { makes, folder }) => {
    await writeFile(join(folder, "fails"), `${said}\n`);
    await expect(makes.takeAll([["demo"], ["other"]])).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: hint === undefined ? undefined : expect.stringContaining(hint),
    });
    expect(await makes.roots()).toEqual([]);
  });

  test("and is half made by a killed run is removed by the next one", async ({ makes, folder }) => {
    const root = await makes.take();
    const group = (root.tree.split("/").at(-2) ?? "").replace(/-[0-9a-f]{16}$/, "");
    const half = join(makes.work, "roots", `.${group}.kovn-0123456789abcdef.next`);
    await mkdir(join(half, "tree"), { recursive: true });
    await makes.take();
    expect(existsSync(half)).toBe(false);
    await mkdir(join(half, "tree"), { recursive: true });
    await rm(join(folder, "bin"), { recursive: true });
    expect(await removeRoots(makes.work, makes.host)).toBe(1);
    expect(await makes.roots()).toEqual([]);
  });

  test("and cannot be read any more is made again", async ({ makes }) => {
    const root = await makes.take();
    await appendFile(join(root.tree, "../root.json"), "x");
    expect((await makes.take()).tree).toBe(root.tree);
    expect(await makes.started()).toHaveLength(2);
  });
});
