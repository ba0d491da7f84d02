import { mkdir } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import type { Verdict, Verification } from "../../src/index.ts";
import { writeSmallDist } from "../helpers/dist.ts";
import { flags, makeProgramDist, type ProgramBuild } from "../helpers/programs.ts";
import { temporaryFolder } from "./machine.ts";

const cli = resolve("build/cli.js");

/** The verdicts of all checks on a build, by their names. The roots stay in the folder `project`. */
async function verify(project: string, dist: string): Promise<Readonly<Record<string, Verdict>>> {
  const { stdout, stderr } = await execa("node", [cli, "verify", dist, "--json"], { cwd: project, reject: false });
  if (stdout === "") throw new Error(stderr);
  const { verified } = JSON.parse(stdout) as { verified: readonly Verification[] };
  return Object.fromEntries(verified[0]?.checks.map((one) => [one.check, one]) ?? []);
}

/** A library that no package has, to link programs to. */
async function makeLibrary(folder: string): Promise<void> {
  await execa("gcc", ["-shared", "-o", join(folder, "libgone.so"), "-x", "c", "-"], { input: "int gone;\n" });
}

// One project, so that the archive's lists and packages are downloaded once.
const folder = await temporaryFolder();
afterAll(async () => folder[Symbol.asyncDispose]());

describe("a small package in a clean root", () => {
  const make = async (build: ProgramBuild = {}) => makeProgramDist(join(folder.path, "dist"), build);
  const install = async (build: ProgramBuild = {}) => (await verify(folder.path, await make(build)))["install"];

  test("is installed from a folder as people type it, finds its libraries, and leaves nothing", async () => {
    const { install: found } = await verify(folder.path, relative(folder.path, await make()));
    expect(found).toMatchObject({ verdict: "pass", problems: [] });
    expect(found?.evidence).toEqual([
      "apt installed 1 package in debian:12 without network.",
      "dpkg --verify finds every file as it was packed.",
      "All libraries of 1 program are found (ldd).",
      "After purge, no file of the packages or their services is left, but known ones.",
    ]);
    expect(found?.warnings).toEqual(["debian 12 has none of these packages to upgrade from."]);
  });

  test("fails with a script that fails", async () => {
    const found = await install({ scripts: { postinst: "exit 3" } });
    expect(found?.problems.join("\n")).toMatch(/^apt-get install: .*demo/);
    expect(found?.evidence).toEqual([]);
  });

  test("fails without a library, with a file that it changes, and with one that it leaves", async () => {
    await makeLibrary(folder.path);
    const ldflags = `-pie -Wl,-z,relro,-z,now,-z,noexecstack -L${folder.path} -Wl,--no-as-needed -lgone`;
    const postinst = "echo changed >> /usr/share/demo/text\necho left > /etc/demo.left";
    const found = await install({ ldflags, files: { "usr/share/demo/text": "as packed\n" }, scripts: { postinst } });
    expect(found?.problems).toEqual([
      expect.stringMatching(/^dpkg --verify: .* \/usr\/share\/demo\/text$/),
      "/usr/bin/demo: libgone.so is not found (ldd).",
      "Purge leaves /etc/demo.left.",
    ]);
  });
});

describe("Debian's own packages, as if they were a build", async () => {
  const work = join(folder.path, "debian/.work");
  await mkdir(join(work, "out"), { recursive: true });
  const names = ["openvswitch-common", "openvswitch-switch", "python3-openvswitch", "ovn-common", "ovn-central", "ovn-host"];
  const { exitCode } = await execa("apt-get", ["-q", "-o", "APT::Sandbox::User=", "download", ...names], {
    cwd: join(work, "out"),
    reject: false,
  });

  test.skipIf(exitCode !== 0)("are installed and run on an old processor, and do not behave as patched", async () => {
    const dist = await writeSmallDist(join(folder.path, "debian"), work, { line: "1.12", flags, job: { source: "ovs" } });
    const { install, floor, behaviour } = await verify(folder.path, dist);
    // Debian's OVN has units of systemd only.
    expect(install?.problems).toEqual([
      "ovn-central has no init script, so its service was not started.",
      "ovn-host has no init script, so its service was not started.",
    ]);
    expect(install?.evidence).toContain("Services started and stopped: openvswitch-switch.");
    expect(install?.evidence.at(-1)).toBe("The upgraded Open vSwitch starts, with the bridge that was made before.");
    expect(floor).toMatchObject({
      verdict: "pass",
      evidence: [expect.stringMatching(/^On Nehalem, for x86-64-v2: a database /)],
    });
    expect(behaviour?.verdict).toBe("fail");
    expect(behaviour?.problems).toContainEqual(expect.stringMatching(/^1: .*expected 5000/));
  });
});
