import { delimiter, join, resolve } from "node:path";
import { describe, expect } from "vitest";
import { readLines } from "../../src/config/lines.ts";
import type { Plan } from "../../src/index.ts";
import type { Finding } from "../../src/patches/check.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { writeFiles } from "../helpers/project.ts";

// The lines of this repository, as far as they can be seen without upstream and without a Debian
// mirror. In a folder without a project, the program takes its own.
const { all } = await readLines({ root: resolve("."), work: "" });

/** Clones of upstream, as values of `--from`: `ovs=PATH ovn=PATH`. */
const clones = (process.env["KOVN_TEST_CLONES"] ?? "").split(" ").filter((word) => word !== "");

/** An environment in which neither upstream nor a Debian mirror can be reached, and nothing waits. */
async function alone(folder: string): Promise<Readonly<Record<string, string>>> {
  await writeFiles(join(folder, "bin"), { "apt-cache": "#!/bin/sh\n" });
  return { https_proxy: "http://127.0.0.1:1", PATH: [join(folder, "bin"), process.env["PATH"]].join(delimiter) };
}

async function check(folder: string, line: string, ...more: readonly string[]): Promise<readonly Finding[]> {
  const words = ["patches", "check", "--line", line, "--json", ...more];
  const { exitCode, stdout, stderr } = await kovnBuild(folder, words, await alone(folder));
  expect(exitCode, stderr).toBe(0);
  return (JSON.parse(stdout) as { findings: readonly Finding[] }).findings;
}

test("a plain build where GitHub cannot be reached names what can be built", async ({ folder }) => {
  const { exitCode, stderr } = await kovnBuild(folder, ["--target", "linux"], await alone(folder));
  expect(exitCode).toBe(1);
  expect(stderr).toContain(" -> --from ovs=PATH_OR_URL --from ovn=PATH_OR_URL, or --line 1.12 --only ovs");
});

describe.each(all.map(({ name }) => name))("line %s", (line) => {
  test.for(["linux", "windows"])("has a plan for %s of both sources, as the lock has them", async (target, { folder }) => {
    const result = await kovnBuild(folder, ["plan", "--target", target, "--line", line, "--json"]);
    expect(result).toMatchObject({ exitCode: 0 });
    const { jobs } = JSON.parse(result.stdout) as Plan;
    expect(jobs.map(({ id }) => id)).toEqual(["ovs", "ovn"]);
    for (const { locked } of jobs) expect(locked?.commit).toMatch(/^[0-9a-f]{40}$/);
  });

  test("has files that are as its lock says; each check that needs a clone is skipped by name", async ({ folder }) => {
    const findings = await check(folder, line);
    for (const name of ["lock", "series"])
      expect(findings.filter((one) => one.check === name).map(({ source }) => source)).toEqual(["ovn", "ovs"]);
    const others = findings.filter(({ outcome }) => outcome !== "ok");
    expect(others.map(({ outcome }) => outcome)).toEqual(others.map(() => "skipped"));
    for (const { check: name } of others)
      expect(name).toMatch(/^applies to (https:\/\/github\.com\/\S+ at [0-9a-f]{12}|Debian's \S+ \S+)$/);
  });

  test.skipIf(clones.length === 0)(
    "has series that make the locked commits (needs clones: KOVN_TEST_CLONES='ovs=PATH ovn=PATH')",
    { timeout: 15 * 60_000 },
    async ({ folder }) => {
      const findings = await check(folder, line, ...clones.flatMap((clone) => ["--from", clone]));
      const made = findings.filter(({ outcome, check: name }) => outcome === "ok" && name.startsWith("applies to "));
      expect(made.map(({ source }) => source)).toEqual(["ovn", "ovs"]);
    },
  );
});
