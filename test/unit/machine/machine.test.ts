import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { fitMachine, assertFit } from "../../../src/machine/fit.ts";
import type { MachineCheck } from "../../../src/machine/check.ts";
import { checkMachine } from "../../../src/machine/machine.ts";
import type { MachineNeeds } from "../../../src/machine/needs.ts";
import { thisMachine } from "../../../src/machine/this-machine.ts";
import { makeBin, type Bin } from "../../helpers/bin.ts";
import { quietTask } from "../../../src/sys/task.ts";

/** A machine of tiny programs: `installed` is the file that says which packages are there. */
function machine(change: Readonly<Record<string, string>> = {}): Promise<Bin> {
  return makeBin({
    sh: "",
    cat: "",
    grep: "",
    git: "echo git version 2.40.1",
    dpkg: "true",
    flock: "echo flock from util-linux 2.38.1",
    "dpkg-deb": "echo 1.21.1",
    "dpkg-query": `case $1 in --version) echo 1.21.1;; *) shift 2; for p; do /bin/grep -sq "^$p$" "$dir/installed" && printf '%s\\t1.0\\tinstalled\\n' "$p"; done; true;; esac`,
    "apt-get": `echo "$*" >> "$dir/apt"; case $1 in --version) echo apt 2.6.1;; esac
      while [ $# -gt 0 ]; do case $1 in -o) shift;; -*|install|update) ;; *) echo "$1" >> "$dir/installed";; esac; shift; done`,
    ...change,
  });
}

const needs = (bin: Bin, change: Partial<MachineNeeds> = {}): MachineNeeds => ({
  target: "linux",
  system: "linux",
  packages: ["gcc", "make"],
  provers: [],
  crossCompiles: false,
  jobs: 1,
  parallel: 1,
  work: `${bin.dir}/.kovn`,
  host: { env: { PATH: bin.path }, signal: new AbortController().signal, task: quietTask },
  ...change,
});

const named = (checks: readonly MachineCheck[], name: string) => checks.find((check) => check.name === name);

describe("checkMachine", () => {
  test("names a program that is missing or too old, with its package", async () => {
    await using bin = await machine({ git: "echo git version 2.30.2", "dpkg-deb": "exit 127" });
    const checks = await checkMachine(needs(bin));
    expect(named(checks, "git")).toMatchObject({ status: "missing", found: "2.30.2", packages: ["git"] });
    expect(named(checks, "dpkg-deb")).toMatchObject({
      status: "missing",
      found: "not installed",
      fix: "apt-get install --no-install-recommends dpkg",
    });
    expect(named(checks, "apt-get")).toMatchObject({ status: "ok", found: "2.6.1" });
  });

  test("does not call dpkg on a machine without it", async () => {
    await using bin = await makeBin({});
    const checks = await checkMachine(needs(bin));
    expect(checks.filter((check) => check.status === "missing").map((check) => check.name)).toEqual([
      "git",
      "flock",
      "apt-get",
      "dpkg-query",
      "dpkg-deb",
    ]);
  });

  test("checks nothing of Debian for a pipeline that runs on Windows", async () => {
    await using bin = await machine();
    const checks = await checkMachine(needs(bin, { system: "windows" }));
    expect(checks.map((check) => check.name)).toEqual(["git", "disk space", "memory"]);
  });

  test("needs disk space per job and memory per process, and says what to do without", async () => {
    await using bin = await machine();
    const checks = await checkMachine(needs(bin, { jobs: 1_000_000, parallel: 1_000_000 }));
    expect(named(checks, "disk space")).toMatchObject({ status: "missing", fix: expect.stringContaining("df -h ") });
    expect(named(checks, "memory")).toMatchObject({
      status: "missing",
      fix: expect.stringMatching(/--target linux --jobs \d+$/),
    });
  });

  test("warns about packages that only `patches prove` needs, and installs them with the others", async () => {
    await using bin = await machine();
    const checks = await checkMachine(needs(bin, { provers: ["wine"] }));
    expect(named(checks, "wine")).toMatchObject({ status: "warning", packages: ["wine"] });
  });

  test("warns about programs that only `publish` needs, for doctor and not for a build", async () => {
    await using bin = await machine({ gpg: "exit 127" });
    expect(named(await checkMachine(needs(bin, { publishes: true })), "gpg")).toMatchObject({
      status: "warning",
      packages: ["gpg"],
    });
    expect(named(await checkMachine(needs(bin)), "gpg")).toBeUndefined();
  });

  test("needs a git that exports every author", async () => {
    await using bin = await machine({ git: "echo git version 2.37.9" });
    expect(named(await checkMachine(needs(bin)), "git")).toMatchObject({ status: "missing", found: "2.37.9" });
  });

  const compiler = "x86_64-w64-mingw32-gcc";

  test("names the command that selects the cross compiler with POSIX threads when another is selected", async () => {
    await using bin = await machine({ [compiler]: "echo 'Thread model: win32' >&2" });
    const checks = await checkMachine(needs(bin, { crossCompiles: true }));
    expect(named(checks, compiler)).toMatchObject({
      status: "missing",
      wrong: true,
      found: "win32 threads",
      fix: `update-alternatives --set ${compiler} /usr/bin/${compiler}-posix`,
    });
    expect(() => assertFit(checks, { target: "windows", root: "host" })).toThrow(expect.objectContaining({ code: "compiler" }));
    const choice = { target: "linux", variant: "debug", arch: "arm64", root: "debian:12", runner: "podman" } as const;
    expect(() => assertFit(checks, choice)).toThrow(
      expect.objectContaining({
        hint: expect.stringMatching(
          /^kovn-build doctor --target linux --variant debug --arch arm64 --root debian:12 --runner podman, or /,
        ),
      }),
    );
  });

  test("accepts a cross compiler with POSIX threads, and checks it only for jobs that cross-compile", async () => {
    await using bin = await machine({ [compiler]: "echo 'Thread model: posix' >&2" });
    expect(named(await checkMachine(needs(bin, { crossCompiles: true })), compiler)).toMatchObject({ status: "ok" });
    expect(named(await checkMachine(needs(bin)), compiler)).toBeUndefined();
  });

  test("warns about another python3 before Debian's", async () => {
    await using bin = await machine({ python3: "true" });
    const host = { env: { PATH: `${bin.path}:/usr/bin` }, signal: new AbortController().signal, task: quietTask };
    expect(named(await checkMachine(needs(bin, { host })), "python3")).toMatchObject({
      status: "warning",
      found: `${bin.path}/python3`,
    });
  });
});

describe("fitMachine", () => {
  const root = { machine: { ...thisMachine(), isRoot: true }, emit: () => undefined };
  const nobody = { ...root, machine: { ...root.machine, isRoot: false } };

  test("changes nothing without `install`", async () => {
    await using bin = await machine();
    const checks = await fitMachine(needs(bin), { ...root, install: false });
    expect(named(checks, "Debian packages")).toMatchObject({ status: "missing", packages: ["gcc", "make"] });
    expect(await readFile(`${bin.dir}/apt`, "utf8")).toBe("--version\n");
  });

  test("installs what is missing, and returns the checks of the machine afterwards", async () => {
    await using bin = await machine();
    const checks = await fitMachine(needs(bin), { ...root, install: true });
    expect(named(checks, "Debian packages")).toMatchObject({ status: "ok" });
    expect((await readFile(`${bin.dir}/installed`, "utf8")).split("\n")).toEqual(["gcc", "make", ""]);
  });

  test("installs by sudo where that asks for no password, with apt's environment", async () => {
    const sudo = `echo "$*" >> "$dir/sudo"; for word; do case $word in -*) shift;; *) break;; esac; done; "$@"`;
    await using bin = await machine({ sudo, true: "" });
    const checks = await fitMachine(needs(bin), { ...nobody, install: true });
    expect(named(checks, "Debian packages")).toMatchObject({ status: "ok" });
    const calls = (await readFile(`${bin.dir}/sudo`, "utf8")).trim().split("\n");
    const through = "--preserve-env=DEBIAN_FRONTEND,LC_ALL,http_proxy,HTTP_PROXY,";
    expect(calls.map((call) => call.replace(/(--preserve-env=\S+,)\S+/, "$1"))).toEqual(
      ["true", "apt-get -o .* update", "dpkg --configure -a", "apt-get -o .* install --yes --no-install-recommends gcc make"].map(
        (command) => expect.stringMatching(new RegExp(`^--non-interactive ${through}\\S* ${command}$`)),
      ),
    );
    // sudo closes every file but three.
    expect(calls.join("\n")).not.toContain("Status-Fd");
  });

  test("does not install without root, nor where sudo asks for a password, and says what to type as root", async () => {
    for (const change of [{}, { sudo: "echo 'sudo: a password is required' >&2; exit 1" }]) {
      await using bin = await machine(change);
      await expect(fitMachine(needs(bin), { ...nobody, install: true })).rejects.toMatchObject({
        code: "machine",
        hint: "sudo apt-get install --no-install-recommends gcc make",
      });
    }
  });
});
