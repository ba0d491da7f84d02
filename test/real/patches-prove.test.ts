import { mkdir, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "./machine.ts";

const cli = resolve("build/cli.js");
const packages = ["openvswitch-common", "openvswitch-switch", "ovn-common", "ovn-central", "ovn-host"];

/** Debian's own packages as files in a folder; undefined where apt cannot download them. */
async function debianPackages(folder: string): Promise<string | undefined> {
  const dir = join(folder, "debian");
  await mkdir(dir);
  const { exitCode } = await execa("apt-get", ["-q", "-o", "APT::Sandbox::User=", "download", ...packages], {
    cwd: dir,
    reject: false,
  });
  return exitCode === 0 ? dir : undefined;
}

interface Proof {
  readonly check: string;
  readonly seed?: string;
  readonly after: string;
  readonly verdict: string;
  readonly why: string;
}

describe("Debian's own, unpatched programs", async () => {
  const folder = await temporaryFolder();
  afterAll(async () => folder[Symbol.asyncDispose]());
  const programs = (await debianPackages(folder.path)) ?? "";

  test.skipIf(programs === "")("pass no check except those of what does not change Linux, and leave nothing behind", async () => {
    const temporary = join(folder.path, "tmp");
    await mkdir(temporary);
    const { exitCode, stdout } = await execa(
      "node",
      [cli, "patches", "prove", "--line", "1.12", "--programs", programs, "--json"],
      {
        reject: false,
        env: { TMPDIR: temporary },
      },
    );
    const { checks } = JSON.parse(stdout) as { checks: Proof[] };
    const seed = checks.filter((proof) => proof.seed !== undefined);
    const of = (verdict: string) => seed.filter((proof) => proof.verdict === verdict).map((proof) => Number(proof.check));
    expect(of("fail")).toEqual([1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16]);
    expect(of("pass")).toEqual(expect.arrayContaining([10, 11, 17]));
    const others = checks.filter((proof) => proof.seed === undefined && proof.verdict === "pass");
    // Where there is no source tree, a check of the source reads the series.
    expect(others.map((proof) => proof.check)).toEqual(["windows-installer-product-code"]);
    expect(checks[0]).toMatchObject({
      after: expect.stringContaining("Election timer: 1000"),
      why: expect.stringContaining("expected 5000"),
    });
    expect(exitCode).toBe(1);
    expect(await readdir(temporary)).toEqual([]);
  });

  test.skipIf(programs === "")("are stopped with the run", async () => {
    const temporary = join(folder.path, "stopped");
    await mkdir(temporary);
    const run = execa("node", [cli, "patches", "prove", "3", "7", "--line", "1.12", "--programs", programs], {
      reject: false,
      env: { TMPDIR: temporary },
    });
    const running = async () => (await execa("pgrep", ["-f", `log-file=${temporary}`], { reject: false })).stdout;
    await expect.poll(running, { timeout: 60_000 }).toContain("\n");
    run.kill("SIGINT");
    expect((await run).exitCode).toBe(130);
    expect(await running()).toBe("");
    expect(await readdir(temporary)).toEqual([]);
  });
});
