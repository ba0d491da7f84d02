import { readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Plan } from "../../src/index.ts";
import { makeBin } from "../helpers/bin.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { demo, makeProject, sourceYaml, writeFiles } from "../helpers/project.ts";

const step = `{ uses: shell, with: { script: "ls -R ../inputs > ../out/list.txt" } }`;

/** A pipeline for Windows with one job, which takes a driver and an input. */
function pipeline(toolchain: string, host: string): string {
  return `name: windows-${toolchain}
target: windows
toolchain: ${toolchain}
host: ${host}
flags: { default: { amd64: -O2, arm64: -O2 } }
until: { demo: { version: "1.2", why: upstream removed Windows in 1.3 } }
jobs:
  demo: { source: demo, driver: true, inputs: [demo.wxs], steps: [${step}], artifacts: ['*.txt'] }
`;
}

const windows = ["--target", "windows"];
const files = {
  "pipelines/a-msvc.yaml": pipeline("msvc", "windows"),
  "pipelines/b-mingw.yaml": pipeline("mingw", "linux"),
  "pipelines/demo.wxs": "<Wix/>\n",
};

/**
 * The head of a 64-bit Windows file with one section of 64 bytes: by default a driver for x86-64.
 */
function pe({ machine = 0x8664, subsystem = 1 } = {}): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write("MZ", 0, "latin1");
  bytes.writeUInt32LE(128, 0x3c);
  bytes.write("PE\0\0", 128, "latin1");
  bytes.writeUInt16LE(machine, 132);
  bytes.writeUInt16LE(1, 134);
  bytes.writeUInt16LE(240, 148);
  bytes.writeUInt16LE(0x20b, 152);
  bytes.writeUInt16LE(subsystem, 220);
  bytes.writeUInt32LE(64, 408);
  bytes.writeUInt32LE(448, 412);
  return bytes;
}

async function makeDriver(folder: string, sys: Buffer): Promise<string> {
  await writeFiles(folder, { "driver/ovsext.inf": "inf\n", "driver/ovsext.cat": "cat\n" });
  await writeFile(join(folder, "driver/ovsext.sys"), sys);
  return join(folder, "driver");
}

const planOf = async (project: string, ...args: readonly string[]) =>
  JSON.parse((await kovnBuild(project, ["plan", ...windows, "--json", ...args])).stdout) as Plan;

describe("a target with two pipelines", () => {
  test("uses the one that runs on this system, or the one of --toolchain", async ({ folder }) => {
    const project = await makeProject(folder, files);
    expect((await planOf(project)).toolchain).toBe("mingw");
    expect((await planOf(project, "--toolchain", "msvc")).toolchain).toBe("msvc");
  });

  test("does not run on another system than its own", async ({ folder }) => {
    const project = await makeProject(folder, files);
    for (const command of ["build", "doctor"]) {
      const { exitCode, stderr } = await kovnBuild(project, [command, ...windows, "--toolchain", "msvc"]);
      expect(stderr).toContain("Pipeline `windows-msvc` runs on Windows, but this machine runs Linux.");
      expect(exitCode).toBe(2);
    }
  });

  test("refuses an unknown toolchain", async ({ folder }) => {
    const project = await makeProject(folder, files);
    const { exitCode, stderr } = await kovnBuild(project, ["plan", ...windows, "--toolchain", "clang"]);
    expect(stderr).toContain("Toolchain `clang` is unknown. Available: `msvc`, `mingw`.");
    expect(exitCode).toBe(2);
  });
});

describe("inputs of a job", () => {
  test("are in the job's folder, in the plan's keys and in artifacts.json; a driver is one of them", async ({ folder }) => {
    const project = await makeProject(folder, files);
    const driver = await makeDriver(folder, pe());
    const [without, given] = [await planOf(project), await planOf(project, "--driver", driver)];
    expect(given.jobs[0]?.inputs?.map(({ name }) => name)).toEqual([
      "demo.wxs",
      "driver/ovsext.sys",
      "driver/ovsext.inf",
      "driver/ovsext.cat",
    ]);
    expect(given.jobs[0]?.key).not.toBe(without.jobs[0]?.key);
    await writeFiles(project, { "pipelines/demo.wxs": "<Wix>\n" });
    expect((await planOf(project)).jobs[0]?.key).not.toBe(without.jobs[0]?.key);
    const { exitCode, stderr } = await kovnBuild(project, [...windows, "--driver", driver]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const built = await contentOf(join(project, "dist/windows"));
    expect(built["list.txt"]).toContain("ovsext.sys");
    expect(built["artifacts.json"]).toContain('"name": "driver/ovsext.cat"');
  });

  test("a build without a driver says so", async ({ folder }) => {
    const project = await makeProject(folder, files);
    expect((await kovnBuild(project, windows)).stderr).toContain("notice: No driver is given, so the installer has none");
  });
});

describe("wrong input", () => {
  const wrong = async (folder: string, args: readonly string[], change: Readonly<Record<string, string | undefined>> = {}) => {
    const project = await makeProject(folder, { ...files, ...change });
    const before = await contentOf(project);
    const { exitCode, stderr } = await kovnBuild(project, args);
    expect(await contentOf(project)).toEqual(before);
    expect(exitCode).toBe(2);
    return stderr;
  };

  test("a driver that lacks a file", async ({ folder }) => {
    await writeFiles(folder, { "driver/ovsext.sys": "", "driver/ovsext.inf": "" });
    expect(await wrong(folder, [...windows, "--driver", join(folder, "driver")])).toContain("lacks ovsext.cat.");
  });

  test("a driver with a folder in place of a file", async ({ folder }) => {
    const driver = await makeDriver(folder, pe());
    await rm(join(driver, "ovsext.inf"));
    await mkdir(join(driver, "ovsext.inf"));
    expect(await wrong(folder, [...windows, "--driver", driver])).toContain("lacks ovsext.inf.");
  });

  test("a driver in a folder that does not exist", async ({ folder }) => {
    expect(await wrong(folder, [...windows, "--driver", "nowhere"])).toContain("lacks ovsext.sys, ovsext.inf, ovsext.cat.");
  });

  const files86: readonly (readonly [string, Buffer])[] = [
    ["an empty file", Buffer.alloc(0)],
    ["a text", Buffer.from("MZ and no more")],
    ["a driver for 32 bits", pe({ machine: 0x14c })],
    ["a driver for ARM", pe({ machine: 0xaa64 })],
    ["a program", pe({ subsystem: 3 })],
    ["cut off", pe().subarray(0, 511)],
    ["a header that leads outside of the file", Buffer.concat([pe().subarray(0, 0x3c), Buffer.alloc(8, 0xff)])],
  ];
  for (const [what, sys] of files86)
    test(`a driver that is ${what}`, async ({ folder }) => {
      const driver = await makeDriver(folder, sys);
      expect(await wrong(folder, [...windows, "--driver", driver])).toContain("is not a driver for Windows on x86-64.");
    });

  test("a driver for a target that uses none", async ({ folder }) => {
    const driver = await makeDriver(folder, pe());
    expect(await wrong(folder, ["--target", "linux", "--driver", driver])).toContain("so `--driver` has no effect.");
  });

  test("an input that does not exist", async ({ folder }) => {
    expect(await wrong(folder, windows, { "pipelines/demo.wxs": undefined })).toContain("pipelines/demo.wxs:1:1:");
  });

  test("a line that is too new for the pipeline, with the reason", async ({ folder }) => {
    const yaml = sourceYaml("upstream").replace("version: 1.2.3", "version: 1.10.0");
    expect(await wrong(folder, windows, { [`${demo}/source.yaml`]: yaml })).toContain(
      "Line 1.0 has `demo` 1.10.0, but pipeline `windows-mingw` builds it only up to 1.2: upstream removed Windows in 1.3.",
    );
  });
});

test("a cross compiler without POSIX threads is refused before anything runs, with the command that fixes it", async ({
  folder,
}) => {
  const mingw = "{ uses: mingw, with: { configure: [], programs: [demo], dlls: [] } }";
  const project = await makeProject(folder, {
    ...files,
    "pipelines/b-mingw.yaml": pipeline("mingw", "linux").replace(step, mingw),
  });
  const before = await contentOf(project);
  await using bin = await makeBin({ "x86_64-w64-mingw32-gcc": "echo 'Thread model: win32' >&2" });
  const { exitCode, stderr } = await kovnBuild(project, windows, { PATH: `${bin.path}:${process.env["PATH"]}` });
  expect(stderr).toContain("x86_64-w64-mingw32-gcc: win32 threads (expected: posix threads");
  expect(stderr).toContain("-> update-alternatives --set x86_64-w64-mingw32-gcc /usr/bin/x86_64-w64-mingw32-gcc-posix");
  expect(exitCode).toBe(2);
  // Only the events of the run, which say why.
  const after = Object.entries(await contentOf(project)).filter(([path]) => !/^\.kovn($|\/runs)/.test(path));
  expect(Object.fromEntries(after)).toEqual(before);
});

test("every input of a pipeline is part of the package", () => {
  const named = [...readFileSync("pipelines/windows-mingw.yaml", "utf8").matchAll(/inputs: \[(.+)\]/g)].map(
    ([, name = ""]) => name,
  );
  for (const name of named) expect(readFileSync(`pipelines/${name}`, "utf8")).not.toBe("");
  expect(named).not.toEqual([]);
});
