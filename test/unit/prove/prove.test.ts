import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BuildError } from "../../../src/errors.ts";
import type { Check } from "../../../src/prove/check.ts";
import { findPrograms } from "../../../src/prove/programs.ts";
import { prove } from "../../../src/prove/prove.ts";
import { native } from "../../../src/prove/runner.ts";
import { isAlive } from "../../../src/sys/processes.ts";
import { quietTask } from "../../../src/sys/task.ts";

const host = { env: { PATH: "/usr/bin:/bin" }, signal: new AbortController().signal, task: quietTask };

/** A folder with one program of OVS, which prints its process id and then sleeps. */
async function programsFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "kovn-prove-unit-"));
  await writeFile(join(path, "ovsdb-server"), "#!/bin/sh\necho $$ > pid\nexec sleep 100\n");
  await chmod(join(path, "ovsdb-server"), 0o755);
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }) };
}

interface Prove {
  readonly observe: Check["observe"];
  readonly mail?: string;
  readonly compare?: boolean;
}

async function proveOn(path: string, { observe, mail, compare = false }: Prove) {
  const check: Check = { entry: 1, behavior: "it is so", programs: ["ovsdb-server"], files: [], unpatched: "differs", observe };
  const programs = await findPrograms(path, check, join(path, "work"), host);
  await writeFile(join(path, "a.patch"), mail ?? "");
  const patches = [{ name: "a.patch", path: join(path, "a.patch"), sha256: "", subject: "", seed: "none", origin: "" }];
  const claim = { seed: "38df6fa3f7", source: "ovs", version: "3.1.8", check, patches };
  return prove(claim, { after: programs, before: compare ? programs : undefined, requirePrograms: true, runner: native, host });
}

test("a program that a check started does not outlive it, and its files are removed", async () => {
  await using folder = await programsFolder();
  let pid = 0;
  let dir = "";
  const proof = await proveOn(folder.path, {
    observe: async ({ sandbox }) => {
      ({ dir } = sandbox);
      sandbox.start("ovsdb-server", []);
      const text = await sandbox.waitFor(
        "it runs",
        async () => (await sandbox.run("/bin/cat", ["pid"])).stdout.trim() || undefined,
      );
      pid = Number(text);
      expect(isAlive(pid)).toBe(true);
      throw new BuildError("build", "it crashed");
    },
  });
  expect(proof).toEqual({ check: "1", seed: "38df6fa3f7", after: "it crashed", verdict: "fail", why: "it crashed" });
  expect(isAlive(pid)).toBe(false);
  await expect(readdir(dir)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a check does not wait for a program that has ended", async () => {
  await using folder = await programsFolder();
  await writeFile(join(folder.path, "ovsdb-server"), "#!/bin/sh\necho 'bad magic' >&2\nexit 1\n");
  const observe: Check["observe"] = async ({ sandbox }) => {
    sandbox.start("ovsdb-server", []);
    await sandbox.waitFor("the impossible", async () => undefined);
    return [];
  };
  expect(await proveOn(folder.path, { observe })).toMatchObject({
    verdict: "fail",
    why: "Program `ovsdb-server` ended early: bad magic",
  });
});

const mail = `From 0 Mon Sep 17 00:00:00 2001
---
diff --git a/windows/automake.mk b/windows/automake.mk
--- a/windows/automake.mk
+++ b/windows/automake.mk
@@ -1 +1 @@
-VC140
+VC143
diff --git a/Makefile.am b/Makefile.am
--- a/Makefile.am
+++ b/Makefile.am
@@ -1 +1 @@
+other
`;

test("without a source tree, a source check sees the lines that the series adds, but not for the programs to compare with", async () => {
  await using folder = await programsFolder();
  const observe: Check["observe"] = async ({ readSource }) => {
    const file = await readSource("windows/automake.mk");
    return file === undefined ? { skipped: "no source" } : [{ what: file.where, seen: file.text, expected: "VC143" }];
  };
  expect(await proveOn(folder.path, { observe, mail, compare: true })).toMatchObject({
    before: "no source",
    beforeVerdict: "skipped",
    after: "windows/automake.mk (added by a.patch): VC143",
    verdict: "pass",
  });
});

test("a check that cannot observe anything is skipped, even if programs are required and there", async () => {
  await using folder = await programsFolder();
  const observe: Check["observe"] = async () => ({ skipped: "no source" });
  expect(await proveOn(folder.path, { observe })).toMatchObject({ after: "no source", verdict: "skipped", why: "no source" });
});

test("with a source tree below the folder, the series is not read", async () => {
  await using folder = await programsFolder();
  for (const file of ["tree/vswitchd/ovs-vswitchd.c", "tree/windows/automake.mk"]) {
    await mkdir(join(folder.path, file, ".."), { recursive: true });
    await writeFile(join(folder.path, file), "VC140");
  }
  const observe: Check["observe"] = async ({ readSource }) => {
    const file = await readSource("windows/automake.mk");
    return [{ what: file?.where ?? "", seen: file?.text ?? "", expected: "VC143" }];
  };
  expect(await proveOn(folder.path, { observe, mail })).toMatchObject({
    after: "tree/windows/automake.mk: VC140",
    verdict: "fail",
  });
});
