import { once } from "node:events";
import { chmod, chown, link, mkdir, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { describe, expect, vi } from "vitest";
import { isLocked, lockBeside, lockIn, withFreeLock, withLock } from "../../../src/sys/with-lock.ts";
import { test } from "../../helpers/folder.ts";
import { host, watchTask } from "../../helpers/host.ts";
import { canMount } from "../../helpers/isolate.ts";

const options = { host, other: "is at work" };
const isLinux = process.platform === "linux";
const isRoot = process.getuid?.() === 0;

const take = `
  import { withLock } from "./build/sys/with-lock.js";
  import { exec } from "./build/sys/exec.js";
  import { readFile, writeFile } from "node:fs/promises";
  const [file, work] = process.argv.slice(1);
  const host = { env: { PATH: process.env.PATH }, signal: new AbortController().signal, task: { notice() {}, run: (_, run) => run() } };
  const lock = (work) => withLock(file, { host, other: "is testing" }, work);`;

/** A process that holds the lock of `file` until it ends. It has started a program, which goes on. */
async function holder(file: string, ...wrap: readonly string[]) {
  const script = `${take}
    await lock(async () => {
      void exec("sleep", ["30"], { host });
      console.log(process.pid);
      await new Promise((resolve) => setTimeout(resolve, 120_000));
    });`;
  const args = [...wrap, process.execPath, "--input-type=module", "-e", script, file] as const;
  const child = execa(args[0] ?? "", args.slice(1), { reject: false, stderr: "inherit" });
  const [pid] = (await once(child.stdout, "data")) as [Buffer];
  return { pid: String(pid).trim(), kill: () => child.kill("SIGKILL") };
}

describe("withLock", () => {
  const inOrder = async (folder: string, ...files: readonly [string, string]) => {
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} starts`);
      await sleep(50);
      order.push(`${name} ends`);
    };
    const first = withLock(files[0], options, work("one"));
    await vi.waitUntil(() => order.length === 1, { timeout: 30_000 });
    await Promise.all([first, withLock(files[1], options, work("two"))]);
    expect(order).toEqual(["one starts", "one ends", "two starts", "two ends"]);
    expect((await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".lock"))).toEqual([]);
  };

  test("two with the same lock run one after the other, and leave no file", async ({ folder }) => {
    await inOrder(folder, lockIn(folder), lockIn(join(folder, "..", folder.slice(folder.lastIndexOf("/")))));
  });

  test("two with different paths of the same place run one after the other, even if it does not exist", async ({ folder }) => {
    await mkdir(join(folder, "real"));
    await symlink("real", join(folder, "way"));
    await inOrder(folder, lockBeside(join(folder, "real/a")), lockBeside(join(folder, "way/a")));
    await inOrder(folder, lockIn(join(folder, "real")), lockIn(join(folder, "way")));
    await inOrder(folder, lockBeside(join(folder, "real")), lockBeside(join(folder, "way")));
  });

  test("an error of the work is thrown, and the next one starts", async ({ folder }) => {
    await expect(withLock(lockIn(folder), options, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await withLock(lockIn(folder), options, async () => 1)).toBe(1);
  });

  test("waiting for another process is a notice that names it and a task, which ends when it is killed", async ({ folder }) => {
    const other = await holder(lockIn(folder));
    const { task, seen } = watchTask();
    const mine = withLock(lockIn(folder), { host: { ...host, task }, other: "is at work" }, async () => seen.push("work"));
    await vi.waitUntil(() => seen.length === 2, { timeout: 20_000 });
    other.kill();
    await mine;
    const who = `process ${other.pid}${isLinux ? ` on ${hostname()}, since <time>` : ""}`;
    expect(seen.map((line) => line.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, "<time>"))).toEqual([
      `notice: Another kovn-build is testing: waiting for it (${who}).`,
      "start: wait for another kovn-build",
      "end: wait for another kovn-build",
      "work",
    ]);
    expect(await readdir(folder)).toEqual([]);
  });

  test.runIf(isLinux)("the next process that is waited for is named as well", async ({ folder }) => {
    const other = await holder(lockIn(folder));
    const { task, seen } = watchTask();
    const mine = withLock(lockIn(folder), { host: { ...host, task }, other: "is at work" }, async () => undefined);
    await vi.waitUntil(() => seen.length === 2, { timeout: 20_000 });
    await writeFile(lockIn(folder), "kovn-build lock\nprocess 2 on \u001B[31mbuild2, since today\nis busy\n");
    await vi.waitUntil(() => seen.length === 3, { timeout: 20_000 });
    other.kill();
    await mine;
    expect(seen[2]).toBe("notice: Another kovn-build is busy: waiting for it (process 2 on build2, since today).");
  });

  test("waiting ends when the run is aborted", async ({ folder }) => {
    const other = await holder(lockIn(folder));
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error("enough")), 100);
    await expect(
      withLock(lockIn(folder), { host: { ...host, signal: abort.signal }, other: "is at work" }, async () => undefined),
    ).rejects.toThrow("enough");
    other.kill();
  });

  test("processes that take turns lose nothing, although each removes the file", { timeout: 60_000 }, async ({ folder }) => {
    const count = join(folder, "count");
    await writeFile(count, "0");
    const script = `${take}
      for (let round = 0; round < 10; round++)
        await lock(async () => writeFile(work, String(1 + Number(await readFile(work, "utf8")))));`;
    const args = ["--input-type=module", "-e", script, lockIn(folder), count];
    await Promise.all(Array.from({ length: 4 }, async () => execa(process.execPath, args)));
    expect(await readFile(count, "utf8")).toBe("40");
    expect(await readdir(folder)).toEqual(["count"]);
  });

  test("a folder that does not exist has no lock, and is not made", async ({ folder }) => {
    expect(await withLock(lockIn(join(folder, "a")), options, async () => 1)).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  test.runIf(isLinux)("what a killed process left is used again, and only its owner can open it", async ({ folder }) => {
    const other = await holder(lockIn(folder));
    other.kill();
    await withLock(lockIn(folder), options, async () => {
      expect((await stat(lockIn(folder))).mode & 0o777).toBe(0o600);
      expect(await readFile(lockIn(folder), "utf8")).toMatch(
        /^kovn-build lock\nprocess \d+ on \S+, since [-\dT:.]+Z\nis at work\n$/,
      );
    });
    await writeFile(lockIn(folder), "");
    await chmod(lockIn(folder), 0o666);
    await withLock(lockIn(folder), options, async () => expect((await stat(lockIn(folder))).mode & 0o777).toBe(0o600));
  });

  test.runIf(isLinux)("something else in the place of the file is an error, and stays as it is", async ({ folder }) => {
    const plain = join(folder, "plain");
    const make: Readonly<Record<string, () => Promise<unknown>>> = {
      "a pipe|is not a regular file": () => execa("mkfifo", [lockIn(folder)]),
      "a folder|is not a regular file": () => mkdir(lockIn(folder)),
      "a link to a file|is not a regular file": () => symlink(plain, lockIn(folder)),
      "a link to nothing|is not a regular file": () => symlink("nothing", lockIn(folder)),
      "another file's name|has another name as well": () => link(plain, lockIn(folder)),
      "a person's file|has other content": () => writeFile(lockIn(folder), "mine\n"),
      ...(isRoot
        ? {
            "another user's file|belongs to user 65534": async () => {
              await writeFile(lockIn(folder), "");
              await chown(lockIn(folder), 65534, 65534);
            },
          }
        : {}),
    };
    for (const [what, made] of Object.entries(make)) {
      await writeFile(plain, "plain\n");
      await made();
      const why = what.split("|")[1] ?? "";
      const wanted = expect.objectContaining({ code: "machine", message: expect.stringContaining(why) as string }) as Error;
      await expect(
        withLock(lockIn(folder), options, async () => undefined),
        what,
      ).rejects.toEqual(wanted);
      await expect(
        withFreeLock(lockIn(folder), "is testing", async () => undefined),
        what,
      ).rejects.toEqual(wanted);
      expect(await readFile(plain, "utf8")).toBe("plain\n");
      await rm(lockIn(folder), { recursive: true });
    }
  });

  test.runIf(isLinux && isRoot)("another user can neither take the lock nor be trusted with it", async ({ folder }) => {
    const user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    await chmod(folder, 0o777);
    await withLock(lockIn(folder), options, async () => {
      const { stderr } = await execa("setpriv", [...user, "flock", lockIn(folder), "true"], { reject: false });
      expect(stderr).toContain("Permission denied");
    });
    await execa("setpriv", [...user, "touch", lockIn(folder)]);
    await expect(withLock(lockIn(folder), options, async () => undefined)).rejects.toThrow("belongs to user 65534");
  });

  test.runIf(canMount)("processes of two containers have one lock (needs root)", async ({ folder }) => {
    const other = await holder(lockIn(folder), "unshare", "--pid", "--net", "--fork", "--kill-child", "--mount-proc");
    expect(await isLocked(lockIn(folder))).toBe(true);
    expect(await withFreeLock(lockIn(folder), "is testing", async () => 1)).toBeUndefined();
    other.kill();
    expect(await withLock(lockIn(folder), options, async () => 1)).toBe(1);
  });

  test.runIf(canMount)("without flock(1) is an error (needs root)", async ({ folder }) => {
    const script = `${take} await lock(async () => {}).catch((error) => console.log(error.code, error.message, error.hint));`;
    const hide = 'mount --bind /dev/null "$(readlink -f /usr/bin/flock)" && exec "$@"';
    const args = ["--mount", "sh", "-c", hide, "sh", process.execPath, "--input-type=module", "-e", script, lockIn(folder)];
    const { stdout } = await execa("unshare", args);
    expect(stdout).toBe("machine Program `flock` cannot be started, so nothing can be locked. apt-get install util-linux");
  });
});

test("isLocked is true while a process, or this one, holds the lock", async ({ folder }) => {
  const file = lockIn(folder);
  expect(await isLocked(file)).toBe(false);
  const other = await holder(file);
  expect(await isLocked(file)).toBe(true);
  other.kill();
  await withLock(file, options, async () => expect(await isLocked(file)).toBe(true));
  expect(await isLocked(file)).toBe(false);
});

describe("withFreeLock", () => {
  test("runs with a lock that nobody holds, and frees it", async ({ folder }) => {
    expect(await withFreeLock(lockIn(folder), "is testing", async () => 1)).toBe(1);
    expect(await withFreeLock(lockIn(folder), "is testing", async () => 2)).toBe(2);
  });

  test("does not run while another process, or this one, holds the lock", async ({ folder }) => {
    const [file, own] = [lockIn(folder), lockBeside(join(folder, "own"))];
    const other = await holder(file);
    expect(await withFreeLock(file, "is testing", async () => 1)).toBeUndefined();
    other.kill();
    expect(await withLock(own, options, async () => withFreeLock(own, "is testing", async () => 1))).toBeUndefined();
  });
});
