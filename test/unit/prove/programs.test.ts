import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { findPrograms, findSourceFile } from "../../../src/prove/programs.ts";
import { quietTask } from "../../../src/sys/task.ts";

const names = { programs: ["ovsdb-tool", "ovn-northd"], files: ["vswitch.ovsschema"] };
const host = { env: {}, signal: new AbortController().signal, task: quietTask };

/** A folder with files. Names that end in `*` are executable. */
async function folderOf(...files: readonly string[]): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "kovn-programs-test-"));
  for (const file of files) {
    const target = join(path, file.replace("*", ""));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, "");
    if (file.endsWith("*")) await chmod(target, 0o755);
  }
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }) };
}

const find = async (path: string) => findPrograms(path, names, join(path, "work"), host);

test("programs and files are found anywhere below the folder", async () => {
  await using folder = await folderOf("usr/bin/ovsdb-tool*", "usr/share/openvswitch/vswitch.ovsschema");
  const { paths, executables } = await find(folder.path);
  expect(paths).toEqual({
    "ovsdb-tool": join(folder.path, "usr/bin/ovsdb-tool"),
    "vswitch.ovsschema": join(folder.path, "usr/share/openvswitch/vswitch.ovsschema"),
  });
  expect([...executables]).toEqual(["ovsdb-tool"]);
});

test("programs are found through a link to a build tree", async () => {
  await using tree = await folderOf("ovsdb/ovsdb-tool*");
  await using folder = await folderOf();
  await symlink(tree.path, join(folder.path, "ovs"));
  expect((await find(folder.path)).paths["ovsdb-tool"]).toBe(join(folder.path, "ovs/ovsdb/ovsdb-tool"));
});

test("a file that cannot be executed is not a program", async () => {
  await using folder = await folderOf("completions/ovsdb-tool", "deep/er/bin/ovsdb-tool*");
  expect((await find(folder.path)).paths["ovsdb-tool"]).toBe(join(folder.path, "deep/er/bin/ovsdb-tool"));
});

test("the least deep one of several is used", async () => {
  await using folder = await folderOf("debian/tmp/usr/bin/ovsdb-tool*", "ovsdb/ovsdb-tool*");
  expect((await find(folder.path)).paths["ovsdb-tool"]).toBe(join(folder.path, "ovsdb/ovsdb-tool"));
});

test("libtool's program is used instead of the script beside it, with its libraries", async () => {
  await using folder = await folderOf("northd/ovn-northd*", "northd/.libs/ovn-northd*", "lib/.libs/libovn-22.12.so.0");
  const { paths, libraries } = await find(folder.path);
  expect(paths["ovn-northd"]).toBe(join(folder.path, "northd/.libs/ovn-northd"));
  expect(libraries).toEqual([join(folder.path, "lib/.libs")]);
});

test("stand-ins left by autotest are not programs", async () => {
  await using folder = await folderOf("tests/testsuite.dir/1/bin/ovsdb-tool*");
  expect((await find(folder.path)).paths).toEqual({});
});

test("a folder that does not exist is a wrong argument", async () => {
  await expect(find("/nonexistent")).rejects.toMatchObject({ code: "usage", message: "Folder /nonexistent cannot be read." });
});

test("a file of a source tree is read from the tree of that source", async () => {
  await using folder = await folderOf(
    "ovn/northd/northd.c",
    "ovn/debian/rules",
    "a/ovs/debian/rules",
    "a/ovs/vswitchd/ovs-vswitchd.c",
  );
  const programs = await find(folder.path);
  expect(await findSourceFile(programs, "ovn", "debian/rules")).toBe(join(folder.path, "ovn/debian/rules"));
  expect(await findSourceFile(programs, "ovs", "debian/rules")).toBe(join(folder.path, "a/ovs/debian/rules"));
  expect(await findSourceFile(programs, "ovs", "windows/automake.mk")).toBeUndefined();
});
