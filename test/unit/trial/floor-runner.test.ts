import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { startFloor } from "../../../src/trial/floor-runner.ts";
import { exec } from "../../../src/sys/exec.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";

const { exitCode: qemu } = await execa("qemu-x86_64-static", ["--version"], { reject: false });
const isAmd64 = process.arch === "x64";

const code = `
#include <stdio.h>
int main(int argc, char **argv) {
  volatile double x = argc;
  printf("%d %f\\n", __builtin_popcount(argc), __builtin_fma(x, x, x));
  return 0;
}
`;

describe.skipIf(qemu !== 0 || !isAmd64)("a program on an old processor", () => {
  const runOn = async (cpu: string, flags: readonly string[], folder: string) => {
    await writeFile(join(folder, "demo.c"), code);
    await execa("gcc", ["-O1", ...flags, "-static", "demo.c", "-o", "demo", "-lm"], { cwd: folder });
    const runner = await startFloor({ arch: "amd64", cpu }, "/", host);
    return exec(...runner.command(join(folder, "demo"), []), { host, cwd: folder });
  };

  test("runs with the processor's instructions", async ({ folder }) => {
    expect(await runOn("Nehalem", ["-mpopcnt"], folder)).toMatchObject({ exitCode: 0, stdout: "1 2.000000\n" });
  });

  test.for([
    ["Nehalem", "-mfma"],
    ["Opteron_G1", "-mpopcnt"],
  ] as const)("ends at an instruction that %s lacks (%s)", async ([cpu, flag], { folder }) => {
    const { exitCode, stderr } = await runOn(cpu, [flag], folder);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("Illegal instruction");
  });
});

test("without QEMU, the error says what installs it", async () => {
  await using bin = await makeBin({});
  await expect(startFloor({ arch: "arm64", cpu: "cortex-a53" }, "/", { ...host, env: { PATH: bin.path } })).rejects.toMatchObject(
    {
      code: "machine",
      message: "Program `qemu-aarch64-static`, which runs programs on an old processor, is not installed.",
      hint: "apt-get install --no-install-recommends qemu-user-static",
    },
  );
});
