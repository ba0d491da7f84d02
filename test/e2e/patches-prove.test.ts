import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeZip } from "../../src/sys/zip.ts";
import { makeBin, type Bin } from "../helpers/bin.ts";
import { kovnBuild } from "../helpers/cli.ts";

async function emptyFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "kovn-prove-test-"));
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }) };
}

async function prove(...args: readonly string[]) {
  return kovnBuild(process.cwd(), ["patches", "prove", "--line", "1.12", ...args], { HOME: tmpdir() });
}

test("a folder without programs proves nothing: each check is skipped, which is a failure", async () => {
  await using folder = await emptyFolder();
  const { exitCode, stdout, stderr } = await prove("--programs", folder.path, "--json");
  const { checks } = JSON.parse(stdout) as { checks: { check: string; verdict: string }[] };
  expect(checks.map(({ check }) => check).slice(0, 18)).toEqual(Array.from({ length: 18 }, (_, index) => String(index + 1)));
  expect(new Set(checks.map(({ verdict }) => verdict))).toEqual(new Set(["skipped"]));
  expect(checks[0]).toEqual({
    check: "1",
    seed: "38df6fa3f7",
    after: `no program of ovs below ${folder.path}`,
    verdict: "skipped",
    why: `no program of ovs below ${folder.path}`,
  });
  const ofPatch = checks.find(({ check }) => check === "windows-installer-product-code");
  expect(ofPatch).not.toHaveProperty("seed");
  expect(stderr).toContain("Nothing was proved: all checks were skipped.");
  expect(exitCode).toBe(1);
});

test("a patch that belongs to no entry is checked by its name, and fails on a tree without it", async () => {
  await using folder = await emptyFolder();
  const installer = async (id: string) => {
    const tree = join(folder.path, "tree");
    await mkdir(join(tree, "windows/ovs-windows-installer"), { recursive: true });
    await mkdir(join(tree, "vswitchd"), { recursive: true });
    await writeFile(join(tree, "vswitchd/ovs-vswitchd.c"), "");
    await writeFile(join(tree, "windows/ovs-windows-installer/Product.wxs"), `<Product Id="${id}"`);
    await writeFile(join(tree, "ovsdb-tool"), "#!/bin/sh\n", { mode: 0o755 });
    return prove("windows-installer-product-code", "1", "--programs", folder.path);
  };
  const patched = await installer("*");
  expect(patched.stdout).toMatch(/^windows-installer-product-code {2}pass /m);
  expect(patched.stdout).toMatch(/^ 1 {2}38df6fa3f7\s+fail /m);
  const unpatched = await installer("{0DF60ED5}");
  expect(unpatched.stdout).toMatch(/^windows-installer-product-code {2}fail .*WiX makes the product code: no, expected yes/m);
  expect(unpatched.stderr).toContain("Not proved: 1, windows-installer-product-code.");
});

test("with --only, a source without programs is a failure", async () => {
  await using folder = await emptyFolder();
  const { exitCode, stdout } = await prove("4", "--only", "ovs", "--programs", folder.path);
  expect(stdout).toContain("fail     no program of ovs below");
  expect(exitCode).toBe(1);
});

test("a missing program of a source with other programs is a failure that names it", async () => {
  await using folder = await emptyFolder();
  await writeFile(join(folder.path, "ovsdb-tool"), "#!/bin/sh\n");
  await chmod(join(folder.path, "ovsdb-tool"), 0o755);
  const { exitCode, stdout } = await prove("1", "--programs", folder.path);
  expect(stdout).toContain("there is no ovsdb-server, ovs-appctl, vswitch.ovsschema");
  expect(exitCode).toBe(1);
});

test("a program that cannot be run is a failure with the program's error", async () => {
  await using folder = await emptyFolder();
  await writeFile(join(folder.path, "ovsdb-tool"), "#!/bin/sh\necho 'ovsdb-tool: no such library' >&2\nexit 127\n");
  await chmod(join(folder.path, "ovsdb-tool"), 0o755);
  const { exitCode, stdout } = await prove("4", "--programs", folder.path);
  expect(stdout).toMatch(/^ 4 .* fail .*no such library/);
  expect(exitCode).toBe(1);
});

const wrong: readonly [string, readonly string[], string][] = [
  ["an unknown entry", ["19", "--programs", "."], "Check `19` is unknown."],
  ["a misspelt patch", ["windows-installer-product-cod", "--programs", "."], "Did you mean `windows-installer-product-code`?"],
  ["a patch with an entry", ["raft-election-timer", "--programs", "."], "Check `raft-election-timer` is unknown."],
  ["a folder that does not exist", ["--programs", "/nonexistent"], "Folder /nonexistent cannot be read."],
  ["an unknown source", ["--only", "ovz", "--programs", "."], "Source `ovz` is unknown."],
  ["an entry of another source than --only", ["5", "--only", "ovs", "--programs", "."], "None of the checks 5 belongs to `ovs`."],
  ["no --programs", ["1"], "Required option '--programs <dir>' not specified."],
];
test.each(wrong)("%s is a wrong argument", async (_, args, message) => {
  const { exitCode, stdout, stderr } = await prove(...args);
  expect(stderr).toContain(message);
  expect(stdout).toBe("");
  expect(exitCode).toBe(2);
});

/** A stand-in for Wine: its shell, and a script in place of each Windows program. */
const aWine = {
  sh: "",
  git: "",
  cat: "",
  sleep: "",
  wineserver: "exit 0",
  wine: `echo "$WINEPREFIX" > "$dir/prefix"
case $1 in wineboot) exit;; cmd) echo 'Microsoft Windows 10.0'; cat;; esac
program=\${1#Z:}; shift; exec sh "$program" "$@"`,
};

async function proveWindows(bin: Bin, programs: string, ...args: readonly string[]) {
  const all = ["patches", "prove", "4", "--line", "1.12", "--runner", "wine", "--programs", programs, ...args];
  return kovnBuild(process.cwd(), all, { PATH: bin.path, HOME: bin.dir });
}

test("with --runner wine, .exe programs run in a Wine of their own, and paths get its drive letter", async () => {
  await using bin = await makeBin(aWine);
  await using folder = await emptyFolder();
  await writeFile(join(folder.path, "ovsdb-tool"), "never run");
  const script = `echo "ovsdb-tool: $OVS_RUNDIR $PWD says no\r" >&2; printf '\\r\\n' >&2; exit 1`;
  await writeFile(join(folder.path, "ovsdb-tool.exe"), script);
  const { exitCode, stdout } = await proveWindows(bin, folder.path);
  expect(stdout).toMatch(/^ 4 .* fail .*--sid=\S+: Z:(\/\S+) \1 says no, expected /);
  expect(exitCode).toBe(1);
  const prefix = (await readFile(join(bin.dir, "prefix"), "utf8")).trim();
  expect(existsSync(prefix)).toBe(false);
});

test("programs are found in a zip file and in a folder with one", async () => {
  await using bin = await makeBin(aWine);
  await using folder = await emptyFolder();
  await writeFile(join(folder.path, "tool"), "echo inside >&2; exit 1");
  await writeZip(join(folder.path, "ovs.zip"), [{ name: "usr/bin/ovsdb-tool.exe", path: join(folder.path, "tool") }], 1e9);
  for (const programs of [folder.path, join(folder.path, "ovs.zip")])
    expect((await proveWindows(bin, programs)).stdout).toContain("--sid=11111111-2222-3333-4444-555555555555: inside");
});

test("an entry that Windows does not have is skipped, with the reason", async () => {
  await using bin = await makeBin(aWine);
  await using folder = await emptyFolder();
  await writeFile(join(folder.path, "ovn-northd.exe"), "");
  const { stdout } = await proveWindows(bin, folder.path, "5");
  expect(stdout).toMatch(/^ 5 .* skipped {2}a change of `ovn-ctl`/m);
});

const broken: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  [
    "says why and ends",
    { wine: "echo 'wine: could not load ntdll.so' >&2; exit 1" },
    "Wine does not start: wine: could not load ntdll.so",
  ],
  ["has no shell", { wine: "[ $1 = wineboot ] || echo 'wine: no cmd.exe'" }, "Wine does not start: wine: no cmd.exe"],
];
test.each(broken)("a Wine that %s is an error of the machine", async (_, change, message) => {
  await using bin = await makeBin({ ...aWine, ...change });
  await using folder = await emptyFolder();
  const { exitCode, stdout, stderr } = await proveWindows(bin, folder.path);
  expect(stderr).toContain(message);
  expect(stderr).toContain("-> kovn-build doctor --target windows --fix (as root)");
  expect(stdout).toBe("");
  expect(exitCode).toBe(1);
});
