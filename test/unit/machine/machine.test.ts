import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { fitMachine, assertFit } from "../../../src/machine/fit.ts";
import type { MachineCheck } from "../../../src/machine/check.ts";
import { checkMachine, type MachineWants } from "../../../src/machine/machine.ts";
import { makeBin, type Bin } from "../../helpers/bin.ts";

/** A machine of tiny programs: `installed` is the file that says which packages are there. */
function machine(change: Readonly<Record<string, string>> = {}): Promise<Bin> {
  return makeBin({
    sh: "",
    cat: "",
    grep: "",
    git: "echo git version 2.40.1",
    dpkg: "true",
    "dpkg-deb": "echo 1.21.1",
    "dpkg-query": `case $1 in --version) echo 1.21.1;; *) shift 2; for p; do /bin/grep -sq "^$p$" "$dir/installed" && printf '%s\\t1.0\\tinstalled\\n' "$p"; done; true;; esac`,
    "apt-get": `echo "$*" >> "$dir/apt"; case $1 in --version) echo apt 2.6.1;; esac
      while [ $# -gt 0 ]; do case $1 in -o) shift;; -*|install|update) ;; *) echo "$1" >> "$dir/installed";; esac; shift; done`,
    ...change,
  });
}

const wants = (bin: Bin, change: Partial<MachineWants> = {}): MachineWants => ({
  target: "linux",
  system: "linux",
  packages: ["gcc", "make"],
  provers: [],
  crossCompiles: false,
  jobs: 1,
  parallel: 1,
  work: `${bin.dir}/.kovn`,
  host: { env: { PATH: bin.path }, signal: new AbortController().signal },
  ...change,
});

const named = (checks: readonly MachineCheck[], name: string) => checks.find((check) => check.name === name);

describe("checkMachine", () => {
  test("a program that is missing or too old is named with its package", async () => {
    await using bin = await machine({ git: "echo git version 2.30.2", "dpkg-deb": "exit 127" });
    const checks = await checkMachine(wants(bin));
    expect(named(checks, "git")).toMatchObject({ status: "missing", found: "2.30.2", packages: ["git"] });
    expect(named(checks, "dpkg-deb")).toMatchObject({
      status: "missing",
      found: "not there",
      fix: "apt-get install --no-install-recommends dpkg",
    });
    expect(named(checks, "apt-get")).toMatchObject({ status: "ok", found: "2.6.1" });
  });

  test("on a machine without dpkg nothing is asked of it", async () => {
    await using bin = await makeBin({});
    const checks = await checkMachine(wants(bin));
    expect(checks.filter((check) => check.status === "missing").map((check) => check.name)).toEqual([
      "git",
      "apt-get",
      "dpkg-query",
      "dpkg-deb",
    ]);
  });

  test("for a pipeline of Windows nothing of Debian is asked for", async () => {
    await using bin = await machine();
    const checks = await checkMachine(wants(bin, { system: "windows" }));
    expect(checks.map((check) => check.name)).toEqual(["git", "disk space", "memory"]);
  });

  test("disk space and memory are asked for by the number of jobs and of processes, and both say what to do", async () => {
    await using bin = await machine();
    const checks = await checkMachine(wants(bin, { jobs: 1_000_000, parallel: 1_000_000 }));
    expect(named(checks, "disk space")).toMatchObject({ status: "missing", fix: expect.stringContaining("df -h ") });
    expect(named(checks, "memory")).toMatchObject({
      status: "missing",
      fix: expect.stringMatching(/--target linux --jobs \d+$/),
    });
  });

  test("packages that only `patches prove` needs are a warning, and installed with the others", async () => {
    await using bin = await machine();
    const checks = await checkMachine(wants(bin, { provers: ["wine"] }));
    expect(named(checks, "wine")).toMatchObject({ status: "warning", packages: ["wine"] });
  });

  const compiler = "x86_64-w64-mingw32-gcc";

  test("a cross compiler with other threads than POSIX is wrong, with the command that chooses the right one", async () => {
    await using bin = await machine({ [compiler]: "echo 'Thread model: win32' >&2" });
    const checks = await checkMachine(wants(bin, { crossCompiles: true }));
    expect(named(checks, compiler)).toMatchObject({
      status: "missing",
      wrong: true,
      found: "win32 threads",
      fix: `update-alternatives --set ${compiler} /usr/bin/${compiler}-posix`,
    });
    expect(() => assertFit(checks, "windows")).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("a cross compiler with POSIX threads is right, and nobody else is asked for one", async () => {
    await using bin = await machine({ [compiler]: "echo 'Thread model: posix' >&2" });
    expect(named(await checkMachine(wants(bin, { crossCompiles: true })), compiler)).toMatchObject({ status: "ok" });
    expect(named(await checkMachine(wants(bin)), compiler)).toBeUndefined();
  });

  test("another python3 before Debian's is a warning", async () => {
    await using bin = await machine({ python3: "true" });
    const host = { env: { PATH: `${bin.path}:/usr/bin` }, signal: new AbortController().signal };
    expect(named(await checkMachine(wants(bin, { host })), "python3")).toMatchObject({
      status: "warning",
      found: `${bin.path}/python3`,
    });
  });
});

describe("fitMachine", () => {
  const quiet = { isRoot: true, emit: () => undefined };

  test("changes nothing when it is not told to", async () => {
    await using bin = await machine();
    const checks = await fitMachine(wants(bin), { ...quiet, install: false });
    expect(named(checks, "Debian packages")).toMatchObject({ status: "missing", packages: ["gcc", "make"] });
    expect(await readFile(`${bin.dir}/apt`, "utf8")).toBe("--version\n");
  });

  test("installs what is missing and answers with how the machine is then", async () => {
    await using bin = await machine();
    const checks = await fitMachine(wants(bin), { ...quiet, install: true });
    expect(named(checks, "Debian packages")).toMatchObject({ status: "ok" });
    expect((await readFile(`${bin.dir}/installed`, "utf8")).split("\n")).toEqual(["gcc", "make", ""]);
  });

  test("does not install without root, and says what root has to type", async () => {
    await using bin = await machine();
    await expect(fitMachine(wants(bin), { ...quiet, isRoot: false, install: true })).rejects.toMatchObject({
      code: "machine",
      hint: "sudo apt-get install --no-install-recommends gcc make",
    });
  });
});
