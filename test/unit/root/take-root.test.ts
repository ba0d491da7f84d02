import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { newestRoot, removeRoots, takeRoot } from "../../../src/root/take-root.ts";
import { knownRoots } from "../../../src/root/known.ts";
import { lockIn, withLock } from "../../../src/sys/with-lock.ts";
import { makeMaker, serveReleases } from "../../helpers/archive.ts";
import { test as plain } from "../../helpers/folder.ts";
import { host, watchTask } from "../../helpers/host.ts";

const known = knownRoots[0] ?? expect.fail();

/** An archive and programs that make roots of it, in an empty folder. */
const test = plain.extend<{ makes: Awaited<ReturnType<typeof makeWorld>> }>({
  makes: async ({ folder }, use) => {
    const world = await makeWorld(folder);
    await use(world);
    await world.archive[Symbol.asyncDispose]();
  },
});

async function makeWorld(folder: string) {
  const archive = await serveReleases();
  const bin = await makeMaker(folder);
  const { task, seen } = watchTask();
  const own = { ...host, task, env: { PATH: `${bin}:${host.env["PATH"]}` } };
  const mirrors = { main: archive.url, security: archive.url };
  const work = join(folder, "work");
  const setState = async (state: string) => {
    archive.state = state;
    await writeFile(join(folder, "state"), state);
  };
  await setState("first");
  const take = async (run = "one", packages: readonly string[] = ["demo"]) => {
    await mkdir(join(work, "runs", run), { recursive: true });
    return takeRoot({ known, arch: "amd64", packages, mirrors }, { work, run: join(work, "runs", run), host: own });
  };
  const started = async () => (await readFile(join(folder, "started"), "utf8").catch(() => "")).split("\n").length - 1;
  const roots = async () => (await readdir(join(work, "roots"))).toSorted();
  return { archive, work, setState, take, started, roots, seen, host: own };
}

describe("a root", () => {
  test("is made once for the same packages and the same state of the archive", async ({ makes }) => {
    const first = await makes.take();
    expect(first).toMatchObject({ name: "debian:12", packages: { demo: "1.2" } });
    expect(await makes.take("two", ["demo"])).toEqual(first);
    expect(await makes.started()).toBe(1);
    expect((await makes.take("two", ["demo", "other"])).tree).not.toBe(first.tree);
    expect(await makes.started()).toBe(2);
    expect((await readFile(join(first.tree, "etc/passwd"), "utf8")).split(":")[0]).toBe("builder");
    expect(existsSync(join(first.tree, "var/lib/apt/lists"))).toBe(false);
  });

  test("is made again when the archive has changed, and the old one is removed", async ({ makes }) => {
    const first = await makes.take();
    await makes.setState("second");
    const second = await makes.take();
    expect(second.tree).not.toBe(first.tree);
    expect(await makes.roots()).toEqual([second.tree.split("/").at(-2)]);
    expect(await newestRoot({ known, arch: "amd64", packages: ["demo"] }, makes.work)).toEqual(second);
  });

  test("that cross-compiles is another one, with packages of two architectures", async ({ makes }) => {
    const first = await makes.take();
    const request = { known, packages: ["demo"], mirrors: { main: makes.archive.url, security: makes.archive.url } };
    const options = { work: makes.work, run: join(makes.work, "runs/one"), host: makes.host };
    const cross = await takeRoot({ ...request, arch: "amd64", foreign: "arm64" }, options);
    expect(cross.tree).toMatch(/\/debian-12-amd64-arm64-[-0-9a-f]+\/tree$/);
    expect(cross.packages).toEqual({ demo: "1.2", "libdemo:arm64": "1.3" });
    expect((await takeRoot({ ...request, arch: "amd64" }, options)).tree).toBe(first.tree);
    expect(await removeRoots(makes.work, makes.host)).toBe(2);
  });

  test("stays while a run uses it", async ({ makes }) => {
    const first = await makes.take("one");
    const use = { host: makes.host, other: "is at work" };
    await withLock(lockIn(join(makes.work, "runs/one")), use, async () => {
      await makes.setState("second");
      await makes.take("two");
      expect(existsSync(first.tree)).toBe(true);
      expect(await removeRoots(makes.work, makes.host)).toBe(1);
      expect(existsSync(first.tree)).toBe(true);
    });
    expect(await removeRoots(makes.work, makes.host)).toBe(1);
    expect(await makes.roots()).toEqual([]);
  });

  test("of an archive that cannot be reached is the newest that is kept, with a notice", async ({ makes }) => {
    makes.archive.state = undefined;
    await expect(makes.take()).rejects.toMatchObject({ code: "network", message: expect.stringContaining("status 404") });
    await makes.setState("first");
    const first = await makes.take();
    makes.archive.state = undefined;
    expect(await makes.take()).toEqual(first);
    expect(makes.seen.filter((line) => /^notice: .*InRelease .* Root debian:12 of .* is used\.$/.test(line))).toHaveLength(1);
  });

  test.for([
    [
      "a package that the distribution lacks",
      "E: Unable to locate package nothing",
      "project",
      "debian 12 has no package nothing.",
    ],
    [
      "a signature of somebody else",
      "W: GPG error: NO_PUBKEY 12\nE: The repository is not signed.",
      "network",
      "NO_PUBKEY 12\n  The repository is not signed.",
    ],
    [
      "a signature that has expired",
      "E: Release file for x is expired (invalid since 2d)",
      "network",
      "is expired (invalid since 2d)",
    ],
    [
      "a package that cannot be installed",
      "dpkg: error processing package demo (--configure):\n demo package post-installation script failed",
      "build",
      "Package demo cannot be installed in root debian:12:",
    ],
    ["a full disk", "dpkg: error: write: No space left on device", "machine", "no space is left on the disk."],
    ["nothing that says why", "oh no", "network", "cannot be made:\n  oh no"],
  ] as const)("cannot be made with %s, and leaves nothing", async ([, said, code, message], { makes, folder }) => {
    await writeFile(join(folder, "fails"), `${said}\n`);
    const error = await makes.take().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(await makes.roots()).toEqual([]);
  });

  test("half made by a killed run is removed by the next one", async ({ makes, folder }) => {
    const first = await makes.take();
    const half = join(
      makes.work,
      "roots",
      `.${first.tree
        .split("/")
        .at(-2)
        ?.replace(/-[0-9a-f]{16}$/, "")}.kovn-0123456789abcdef.next`,
    );
    await mkdir(join(half, "tree"), { recursive: true });
    await makes.take();
    expect(existsSync(half)).toBe(false);
    await mkdir(join(half, "tree"), { recursive: true });
    await rm(join(folder, "bin"), { recursive: true });
    expect(await removeRoots(makes.work, makes.host)).toBe(1);
    expect(await makes.roots()).toEqual([]);
  });
});
