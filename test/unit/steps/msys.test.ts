import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "vitest";
import { readPipeline } from "../../../src/config/pipeline.ts";
import { msys, parseEnvironment } from "../../../src/steps/msys.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { aStepContext } from "../../helpers/step.ts";
import { quietTask } from "../../../src/sys/task.ts";

test("variables of cmd are read with the names that bash uses", () => {
  const text = "Path=C:\\bin;C:\\x=y\r\nVCToolsRedistDir=C:\\Redist\\\r\n=C:=C:\\\r\nEMPTY=\r\n\r\n";
  expect(parseEnvironment(text)).toEqual({ PATH: "C:\\bin;C:\\x=y", VCToolsRedistDir: "C:\\Redist\\", EMPTY: "" });
});

/** Stand for the programs of Windows, whose whole paths are names here. */
const aWindows = {
  [String.raw`C:\Program Files (x86)\Microsoft Visual Studio\Installer\vswhere.exe`]: `printf '%s\\r\\n' "$dir/Visual Studio"`,
  // What Node makes of a quote or a space in an argument, cmd does not understand.
  "cmd.exe": `case "$*" in *\\"*) exit 1;; esac
[ "$*" = '/d /c call .\\vcvars64.bat >nul && set' ] && [ $# = 7 ] || exit 1
printf 'Path=%s\\r\\nSTUDIO=%s\\r\\nHOME=of a user\\r\\n' "$PATH" "$PWD"`,
  [String.raw`C:\msys64\usr\bin\bash.exe`]: 'exec /bin/bash "$@"',
};

/**
 * Runs a script in a folder; the user's profile is like MSYS2's own, which asks for a variable that
 * is not set.
 */
async function run(dir: string, script: string): Promise<void> {
  await using bin = await makeBin(aWindows);
  await mkdir(join(bin.dir, String.raw`Visual Studio\VC\Auxiliary\Build`));
  for (const folder of ["src", "home"]) await mkdir(join(dir, folder), { recursive: true });
  await writeFile(join(dir, "home/.bash_profile"), 'if [ -n "${MINGW_MOUNT_POINT}" ]; then :; fi\nexport PROFILE=whole\n');
  const env = { PATH: `${bin.path}:/usr/bin:/bin` };
  await msys.run({ script }, aStepContext(dir, { host: { env, signal: new AbortController().signal, task: quietTask } }));
}

test("a script sees the variables of Visual C++, after the whole profile has run", async ({ folder }) => {
  await run(folder, String.raw`[ "$PROFILE" = whole ]; case $STUDIO in *'Visual Studio\VC\Auxiliary\Build');; *) exit 1;; esac`);
});

/** Scripts of the native pipeline, in order. */
async function scriptsOf(job: string): Promise<readonly string[]> {
  const project = { root: resolve("."), work: resolve(".kovn") };
  const { jobs } = await readPipeline(project, { target: "windows", toolchain: "msvc" }, "windows");
  return (jobs[job]?.steps ?? []).flatMap((step) => (step.uses === "msys" ? [step.with.script] : []));
}

test.for(["driver", "ovs"])(
  "job `%s` of the native pipeline waits while another job has pacman's lock",
  async (job, { folder }) => {
    const script = (await scriptsOf(job)).find((text) => text.includes("pacman")) ?? "";
    const programs = "pacman() { tries=$((${tries:-0} + 1)); [ $tries -ge $free ]; }; sleep() { :; }; rm() { :; }";
    await run(folder, `free=3; ${programs}\n${script}\n[ $tries = 3 ]`);
    await expect(run(folder, `free=9; ${programs}\n${script}`)).rejects.toMatchObject({ code: "build" });
  },
);

test.for(["driver", "ovs", "ovn"])(
  "job `%s` of the native pipeline is configured for the MSYS2 that upstream supports",
  async (job, { folder }) => {
    const script = (await scriptsOf(job)).find((text) => text.includes("./configure")) ?? "";
    const configure = `[ "$1" = --build=x86_64-pc-msys ]; sh -c 'bash -c "echo \\$MACHTYPE"' > ../machine; exit 1`;
    await mkdir(join(folder, "src"));
    for (const [name, text] of Object.entries({ "boot.sh": "", configure }))
      await writeFile(join(folder, "src", name), `#!/bin/bash -eu\n${text}\n`, { mode: 0o755 });
    await expect(run(folder, script)).rejects.toMatchObject({ code: "build" });
    expect(await readFile(join(folder, "machine"), "utf8")).toBe("x86_64-pc-msys\n");
  },
);

test.for(["driver", "ovs"])("job `%s` of the native pipeline removes MSYS2's own link before it links anything", async (job) => {
  const scripts = await scriptsOf(job);
  const first = (word: string) => scripts.findIndex((text) => text.includes(word));
  expect([first("/usr/bin/link.exe"), first("nmake"), first("./configure")]).toEqual([0, 1, 2]);
});

test("the native installer has the build's version in its name, and a Windows version that rises with the revision", async ({
  folder,
}) => {
  const script = (await scriptsOf("ovs")).find((text) => text.includes("make windows_installer")) ?? "";
  await mkdir(join(folder, "src"));
  const make =
    'make() { mkdir -p vswitchd windows/ovs-windows-installer/bin/x64/Release; echo "$@" > windows/ovs-windows-installer/bin/x64/Release/OpenvSwitch.msi; }';
  await run(folder, `${make}; sed() { :; }; cp() { [ $# -gt 2 ] || command cp "$@"; }\n${script}`);
  const made = await readFile(join(folder, "out/OpenvSwitch-3.1.8+kovn1.12345678-x64.msi"), "utf8");
  expect(made).toBe("windows_installer PACKAGE_VERSION=3.1.8001\n");
});

test("the native pipeline makes the debug information that upstream's installer includes", async () => {
  const project = { root: resolve("."), work: resolve(".kovn") };
  const { flags } = await readPipeline(project, { target: "windows", toolchain: "msvc" }, "windows");
  expect(flags["default"]?.["amd64"]?.split(" ")).toContain("-g");
});

test.for(["false; true", 'echo "$NOT_SET"; true', "false | true; true"])(
  "a script ends at its first failure: %s",
  async (script, { folder }) => {
    await expect(run(folder, script)).rejects.toMatchObject({ code: "build" });
  },
);
