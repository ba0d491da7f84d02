import { cp, mkdir, readFile, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Inspection, Manifest } from "../../src/index.ts";
import { isNightly } from "../helpers/nightly.ts";
import { fromDebian } from "./from-debian.ts";
import { kovnBuild, temporaryFolder, withPackages } from "./machine.ts";
import { startWindows, type Windows } from "./wine.ts";

const args = ["build", "--target", "windows", "--only", "ovs", ...fromDebian];
const programs = ["ovs-appctl", "ovs-dpctl", "ovs-ofctl", "ovs-testcontroller", "ovs-vsctl", "ovs-vswitchd", "ovsdb-client"];
const all = [...programs, "ovsdb-server", "ovsdb-tool", "vtep-ctl"];

describe("Open vSwitch for Windows from Debian's openvswitch-source", async () => {
  const folder = await temporaryFolder();
  const [first, second] = [join(folder.path, "first"), join(folder.path, "second")];
  const dist = join(first, "dist/windows");
  let windows: Windows;
  afterAll(async () => folder[Symbol.asyncDispose]());

  beforeAll(async () => {
    await mkdir(first);
    await withPackages(() => kovnBuild(first, ["doctor", "--target", "windows", "--fix"]));
    await kovnBuild(first, [...args, "--install-deps"]);
    windows = await startWindows(join(folder.path, "wine"));
    return async () => windows.end();
  });

  const manifest = async () => JSON.parse(await readFile(join(dist, "artifacts.json"), "utf8")) as Manifest;
  const named = async (pattern: RegExp) => (await readdir(dist)).find((name) => pattern.test(name)) ?? "";
  const table = async (name: string) =>
    (await execa("msiinfo", ["export", await named(/\.msi$/), name], { cwd: dist })).stdout.replaceAll("\r", "");

  test("dist has an installer, a zip, debug information of each program, and correct checksums", async () => {
    const { artifacts, jobs } = await manifest();
    const suffix = /\+kovn\d+\.[0-9a-f]{8}/.source;
    const kinds = artifacts.map(({ file }) => file.replace(new RegExp(`3\\.1\\.0-2\\+deb12u1${suffix}`), "V"));
    expect(kinds).toEqual(["OpenvSwitch-V-x64.msi", ...all.map((name) => `debug/${name}.exe.debug`), "ovs-V-win64.zip"]);
    expect(jobs[0]).toMatchObject({ alternate: true, inputs: [{ name: "openvswitch.wxs" }] });
    await execa("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: dist });
  });

  test("programs import only DLLs of Windows, are hardened and have no time stamp", async () => {
    const out = join(folder.path, "unpacked");
    await execa("python3", ["-m", "zipfile", "-e", join(dist, await named(/\.zip$/)), out]);
    const found = (await readdir(out, { recursive: true })).filter((name) => name.endsWith(".exe"));
    expect(found.length).toBe(all.length);
    for (const name of found) {
      const { stdout } = await execa("x86_64-w64-mingw32-objdump", ["-p", join(out, name)]);
      const dlls = [...stdout.matchAll(/DLL Name: (\S+)/g)].map(([, dll = ""]) => dll.toLowerCase());
      expect(dlls.length).toBeGreaterThan(1);
      expect(dlls.join(" ")).toMatch(/^((advapi32|iphlpapi|kernel32|msvcrt|ole32|oleaut32|shlwapi|ws2_32)\.dll ?)+$/);
      for (const word of ["HIGH_ENTROPY_VA", "DYNAMIC_BASE", "NX_COMPAT", "Thu Jan  1 00:00:00 1970"])
        expect(stdout).toContain(word);
    }
  });

  test("the installer, the zip and every program say by themselves how they were built", async () => {
    const away = join(folder.path, "away");
    await mkdir(away);
    const files = [await named(/\.msi$/), await named(/\.zip$/)].map((name) => join(away, name));
    for (const file of files) await cp(join(dist, basename(file)), file);
    const found = JSON.parse(await kovnBuild(away, ["inspect", ...files, "--json"])) as { inspected: readonly Inspection[] };
    const { series = [], patchedCommit } = (await manifest()).jobs[0] ?? {};
    const label = {
      target: "windows",
      line: "1.12",
      patchedCommit,
      series: series.map(({ name, subject }) => ({ name, subject })),
    };
    const programsOf = { all: all.length, labelled: all.length };
    for (const one of found.inspected) expect(one).toMatchObject({ ours: true, labels: [{ label }], programs: programsOf });
    expect((await execa("msiinfo", ["suminfo", files[0] ?? ""])).stdout).toContain(`patched commit ${patchedCommit}`);
  });

  test("the installer's tables list what is installed", async () => {
    const services = await table("ServiceInstall");
    expect(services).toMatch(/ovsdb-server\t.*--pidfile="\[APPDATADIR\]ovsdb-server\.pid".*--remote=ptcp:6640:127\.0\.0\.1/);
    expect(services).toMatch(/ovs-vswitchd\t.*ovsdb-server\[~\].*tcp:127\.0\.0\.1:6640/);
    expect(await table("Property")).toMatch(/ProductName\tOpen vSwitch for Hyper-V\nProductVersion\t3\.1\.\d+\n/);
    expect(await table("Environment")).toContain("=-*PATH\t[~];[BINARIESDIR]");
    expect(await table("File")).not.toContain("ovsext.sys");
    expect(await table("Upgrade")).toMatch(/^\{DA802B12-433D-4742-A7AE-783AA0C48222\}\t0\.0\.0\t3\.1\.\d+\t/m);
  });

  test("the installer installs files, starts both services and extends PATH; removal leaves nothing", async () => {
    const before = await windows.files();
    await windows.msi("/i", join(dist, await named(/\.msi$/)));
    const installed = (await windows.files()).filter((name) => !before.includes(name));
    for (const name of all) expect(installed).toContain(`Program Files/Open vSwitch/bin/${name}.exe`);
    expect(installed).toContain("Program Files/Open vSwitch/conf/conf.db");
    for (const service of ["ovsdb-server", "ovs-vswitchd"])
      expect(await windows.run("sc", "query", service)).toMatch(/STATE +: 4 +RUNNING/);
    expect(await windows.path()).toContain(String.raw`C:\Program Files\Open vSwitch\bin`);
    const vsctl = String.raw`C:\Program Files\Open vSwitch\bin\ovs-vsctl.exe`;
    expect(await windows.run(vsctl, "--timeout=20", "get", "Open_vSwitch", ".", "_uuid")).toMatch(
      /^[0-9a-f]{8}(-[0-9a-f]+){4}$/m,
    );
    await windows.msi("/x", join(dist, await named(/\.msi$/)));
    expect(await windows.path()).not.toContain("Open vSwitch");
    const left = (await windows.files()).filter((name) => !before.includes(name) && /open ?vswitch|ovs/i.test(name));
    expect(left).toEqual([]);
  });

  test("`patches prove` passes under Wine for each check of OVS", async () => {
    const output = await kovnBuild(folder.path, [
      "patches",
      "prove",
      "--line",
      "1.12",
      "--only",
      "ovs",
      "--programs",
      dist,
      "--runner",
      "wine",
      "--json",
    ]);
    const { checks } = JSON.parse(output) as { checks: { check: string; verdict: string; absent?: true }[] };
    // Patches of other lines are absent. Those that are left are about Linux, and about SSL.
    expect(checks.filter(({ verdict, absent }) => verdict !== "pass" && absent !== true)).toMatchObject([
      { check: "a6195e2c4", verdict: "skipped" },
      { check: "stream-ssl-key-and-cert", verdict: "skipped" },
    ]);
    const names = [1, 2, 3, 4, 8, 9, 10, 16].map(String);
    expect(checks.map(({ check }) => check)).toEqual(expect.arrayContaining(names));
  });

  test.skipIf(!isNightly)("a build in another folder gives the same bytes (nightly)", async () => {
    // It takes the first build's compilations to save minutes, so it compares what runs after the
    // compiler.
    await mkdir(join(second, ".kovn/cache"), { recursive: true });
    await cp(join(first, ".kovn/cache/ccache"), join(second, ".kovn/cache/ccache"), { recursive: true });
    await kovnBuild(second, args);
    const sums = async (path: string) => readFile(join(path, "dist/windows/SHA256SUMS"), "utf8");
    expect(await sums(second)).toBe(await sums(first));
  });
});
