import { once } from "node:events";
import { chmod, chown, mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { listRuns, pruneRuns } from "../../../src/run/prune-runs.ts";
import { lockIn, withLock } from "../../../src/sys/with-lock.ts";
import { stagingOf } from "../../../src/sys/staging.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { writeFiles } from "../../helpers/project.ts";

const all = { keep: 1000, bytes: 1e12 };
const name = (day: number) => `202611${String(day).padStart(2, "0")}T120000Z-${day}`;

/** Makes a run of `size` bytes for each day. */
async function makeRuns(work: string, days: readonly number[], size = 8192): Promise<void> {
  for (const day of days) {
    await mkdir(join(work, "runs", name(day), "demo/src"), { recursive: true });
    await writeFile(join(work, "runs", name(day), "demo/src/file"), "x".repeat(size));
    await writeFile(join(work, "runs", name(day), "events.jsonl"), "");
  }
}

describe("runs are pruned", () => {
  test("to the newest ones", async ({ folder }) => {
    await makeRuns(folder, [1, 2, 3, 4]);
    expect(await pruneRuns(folder, { ...all, keep: 2 }, host)).toEqual({ runs: 2, size: 16384 });
    expect(await readdir(join(folder, "runs"))).toEqual([name(3), name(4)]);
  });

  test("to a size", async ({ folder }) => {
    await makeRuns(folder, [1, 2, 3, 4]);
    expect(await pruneRuns(folder, { ...all, bytes: 20_000 }, host)).toEqual({ runs: 2, size: 16384 });
    expect(await listRuns(folder)).toEqual([name(4), name(3)]);
  });

  test("but the newest stays, whatever its size", async ({ folder }) => {
    await makeRuns(folder, [1, 2]);
    await pruneRuns(folder, { ...all, bytes: 0 }, host);
    expect(await listRuns(folder)).toEqual([name(2)]);
  });

  test("not at all within the limits, and where there are none", async ({ folder }) => {
    expect(await pruneRuns(folder, all, host)).toEqual({ runs: 0, size: 0 });
    await makeRuns(folder, [1, 2]);
    expect(await pruneRuns(folder, all, host)).toEqual({ runs: 0, size: 0 });
    expect(await listRuns(folder)).toHaveLength(2);
  });

  test("except those that still run, in this process or another", async ({ folder }) => {
    await makeRuns(folder, [1, 2, 3, 4]);
    const script = `
      import { lockIn, withLock } from "./build/sys/with-lock.js";
      await withLock(lockIn(process.argv[1]), { host: { env: {}, signal: new AbortController().signal, task: undefined }, other: "" }, async () => {
        console.log("here");
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      });`;
    const other = execa("node", ["--input-type=module", "-e", script, join(folder, "runs", name(1))], { reject: false });
    await once(other.stdout, "data");
    const pruned = await withLock(lockIn(join(folder, "runs", name(2))), { host, other: "is at work" }, () =>
      pruneRuns(folder, { ...all, keep: 1 }, host),
    );
    expect(pruned.runs).toBe(1);
    expect(await listRuns(folder)).toEqual([name(4), name(2), name(1)]);
    other.kill("SIGKILL");
    await other;
    expect((await pruneRuns(folder, { ...all, keep: 1 }, host)).runs).toBe(2);
  });

  test("and nothing else: other names and links stay, and so does what links in a run point to", async ({ folder }) => {
    await makeRuns(folder, [1, 5]);
    const kept = join(folder, "kept");
    await mkdir(kept);
    await writeFile(join(kept, "file"), "kept");
    await symlink(kept, join(folder, "runs", name(1), "demo/way"));
    await symlink(kept, join(folder, "runs", name(2)));
    await mkdir(join(folder, "runs/notes"));
    await writeFile(join(folder, "runs", name(3)), "a file");
    await pruneRuns(folder, { ...all, keep: 1 }, host);
    expect((await readdir(join(folder, "runs"))).toSorted()).toEqual([name(2), name(3), name(5), "notes"].toSorted());
    expect(await readFile(join(kept, "file"), "utf8")).toBe("kept");
  });

  test("and a folder with such a name that no run made stays", async ({ folder }) => {
    await makeRuns(folder, [1, 5]);
    await writeFiles(folder, { [`runs/${name(2)}/precious`]: "mine" });
    await pruneRuns(folder, { ...all, keep: 1 }, host);
    expect(await listRuns(folder)).toEqual([name(5), name(2)]);
  });

  test("those that built nothing first, and they push out no other", async ({ folder }) => {
    await makeRuns(folder, [1, 2, 5]);
    for (const day of [3, 4, 6, 7])
      await writeFiles(folder, { [`runs/${name(day)}/artifacts.json`]: "{}", [`runs/${name(day)}/events.jsonl`]: "" });
    expect((await pruneRuns(folder, { ...all, keep: 3 }, host)).runs).toBe(4);
    expect(await listRuns(folder)).toEqual([name(7), name(5), name(2)]);
  });

  test("in a folder behind a link", async ({ folder }) => {
    await makeRuns(join(folder, "large-disk"), [1, 2]);
    await symlink("large-disk/runs", join(folder, "runs"));
    expect((await pruneRuns(folder, { ...all, keep: 1 }, host)).runs).toBe(1);
  });

  test("with what killed processes left half removed", async ({ folder }) => {
    await makeRuns(folder, [9]);
    await mkdir(join(stagingOf(join(folder, "runs", name(1)), "old"), "demo"), { recursive: true });
    await pruneRuns(folder, all, host);
    expect(await readdir(join(folder, "runs"))).toEqual([name(9)]);
  });

  test("and after kill -9 in between, what is left has all its files", async ({ folder }) => {
    const files = 1000;
    for (const day of [1, 2, 3]) {
      await mkdir(join(folder, "runs", name(day), "demo"), { recursive: true });
      await writeFile(join(folder, "runs", name(day), "events.jsonl"), "");
      await Promise.all(
        Array.from({ length: files }, (_, index) => writeFile(join(folder, "runs", name(day), "demo", String(index)), "")),
      );
    }
    const script = `
      import { pruneRuns } from "./build/run/prune-runs.js";
      console.log("here");
      await pruneRuns(process.argv[1], { keep: 1, bytes: 1e12 }, { env: {}, signal: new AbortController().signal });`;
    for (let delay = 0; delay <= 60; delay += 30) {
      const child = execa("node", ["--input-type=module", "-e", script, folder], { reject: false });
      await once(child.stdout, "data");
      await sleep(delay);
      child.kill("SIGKILL");
      await child;
      for (const run of await listRuns(folder)) expect(await readdir(join(folder, "runs", run, "demo"))).toHaveLength(files);
    }
    await pruneRuns(folder, { ...all, keep: 1 }, host);
    expect(await readdir(join(folder, "runs"))).toEqual([name(3)]);
  });

  describe.runIf(process.getuid?.() === 0)("by a user who is not root", () => {
    test("with their read-only folders", async ({ folder }) => {
      await makeRuns(folder, [1, 2]);
      await giveToNobody(folder);
      for (const path of ["demo/src", "demo"]) await chmod(join(folder, "runs", name(1), path), 0o555);
      expect(JSON.parse((await pruneAsNobody(folder)).stdout)).toEqual({ runs: 1, size: 8192 });
      expect(await readdir(join(folder, "runs"))).toEqual([name(2)]);
    });

    test("as far as permitted: the others go, then the refusal is thrown", async ({ folder }) => {
      await makeRuns(folder, [1, 2, 3]);
      await giveToNobody(folder);
      await chown(join(folder, "runs", name(2), "demo/src"), 0, 0);
      const { exitCode, stderr } = await pruneAsNobody(folder);
      expect(exitCode).toBe(1);
      expect(stderr).toContain("EPERM: operation not permitted");
      expect(await listRuns(folder)).toEqual([name(3)]);
    });
  });
});

const nobody = 65_534;

async function giveToNobody(folder: string): Promise<void> {
  const { stdout } = await execa("find", [folder, "-depth"]);
  for (const path of stdout.split("\n")) await chown(path, nobody, nobody);
}

async function pruneAsNobody(folder: string) {
  const script = `
    import { pruneRuns } from ${JSON.stringify(join(process.cwd(), "build/run/prune-runs.js"))};
    console.log(JSON.stringify(await pruneRuns(process.argv[1], { keep: 1, bytes: 1e12 }, { env: {}, signal: new AbortController().signal })));`;
  const options = { uid: nobody, gid: nobody, cwd: folder, reject: false };
  return execa(process.execPath, ["--input-type=module", "-e", script, folder], options);
}
