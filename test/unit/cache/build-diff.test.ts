import { join } from "node:path";
import { describe, expect } from "vitest";
import { compareBuilds } from "../../../src/cache/compare-builds.ts";
import { verbs } from "../../../src/commands/verbs.ts";
import { readManifest, type BuiltJob, type Manifest } from "../../../src/dist/manifest.ts";
import { runProgram } from "../../../src/program/program.ts";
import type { Context } from "../../../src/program/context.ts";
import { Json } from "../../../src/sys/json.ts";
import { editManifest, makeDist } from "../../helpers/dist.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";

/** Runs the program on words, in this process. Returns what it prints. */
async function run(folder: string, words: readonly string[]) {
  const printed: unknown[] = [];
  const context = {
    version: "",
    machine: { cores: 1 },
    project: async () => ({ root: folder, work: join(folder, ".kovn") }),
    report: { run: async (work: (progress: object) => Promise<unknown>) => work({ host }), write: () => undefined },
    print: (result: string | Json) => void printed.push(result instanceof Json ? result.value : result),
    host,
  } as unknown as Context;
  await runProgram(words, context, verbs);
  return printed[0];
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const parts = { target: "linux", line: "1.0", flags: "-O2", "step 1 (shell)": "a".repeat(64), "package gcc-12": "12.2.0-14" };

describe("build diff", () => {
  test("says nothing differs, and which parts and files do", async ({ folder }) => {
    const [a, b] = [join(folder, "a"), join(folder, "b")];
    await makeDist(a, { job: { parts } });
    expect(await run(folder, ["build", "diff", a, a])).toBe(
      "linux, line 1.0, amd64, variant default\n  demo  nothing differs\n    2 files the same\n",
    );
    const other = { ...parts, flags: "-O3", "step 1 (shell)": "b".repeat(64), "package gcc-12": "12.2.0-14+deb12u1" };
    await makeDist(b, { revision: 2, others: ["more.zip"], job: { parts: other } });
    expect(await run(folder, ["build", "diff", a, b])).toBe(`linux, line 1.0, amd64, variant default
  demo  4 parts differ
    flags: -O2 → -O3
    step 1 (shell): changed
    package gcc-12: 12.2.0-14 → 12.2.0-14+deb12u1
    revision: 1 → 2
    3 files differ
      demo-data_1.2.3-1+kovn2.00000002_all.deb  same size
      demo_1.2.3-1+kovn2.00000002_amd64.deb  same size
      more.zip  new
`);
    const data = (await run(folder, ["build", "diff", b, a, "--json"])) as object;
    expect(data).toMatchObject({
      schema: 1,
      builds: [{ target: "linux", builders: [], jobs: [{ job: "demo", in: "both", same: 0, gone: [{ file: "more.zip" }] }] }],
    });
  });

  test("compares what older builds recorded, and says what it does not know", async ({ folder }) => {
    const [a, b] = [join(folder, "a"), join(folder, "b")];
    await makeDist(a, { job: { tools: { gcc: "4:12.2.0-3" } } });
    const dist = await makeDist(b, { content: "other", job: { parts, tools: { gcc: "4:14.2.0-1" } } });
    await editManifest(dist, (manifest) => ({ ...manifest, builder: { ...manifest.builder, version: "0.2.0" } }));
    expect(await run(folder, ["build", "diff", a, join(b, "linux/artifacts.json")])).toMatch(
      /^linux, .*\n {2}kovn-build: 0\.1\.0 → 0\.2\.0\n {2}demo {2}1 part differs\n {4}package gcc: 4:12\.2\.0-3 → 4:14\.2\.0-1\n {4}not known: steps, /,
    );
  });

  test("checks the bytes of a folder, and pairs builds of the same target", async ({ folder }) => {
    const [a, b] = [join(folder, "a"), join(folder, "b")];
    await makeDist(a, { target: "linux" });
    await makeDist(a, { target: "windows", others: ["x.zip"] });
    await makeDist(b, { target: "windows", others: ["x.zip"] });
    expect(await run(folder, ["build", "diff", a, b])).toMatch(
      /^windows, [^]*nothing differs\n {4}not known[^]*1 file the same\n$/,
    );
    await editManifest(join(b, "windows"), (manifest) => ({ ...manifest, arch: "arm64" }));
    expect(await failure(run(folder, ["build", "diff", a, b]))).toMatchObject({ code: "usage" });
    await editManifest(join(a, "windows"), (manifest) => ({
      ...manifest,
      artifacts: manifest.artifacts.map((artifact) => ({ ...artifact, sha256: "0".repeat(64) })),
    }));
    expect(await failure(run(folder, ["build", "diff", join(a, "windows"), b]))).toMatchObject({ code: "digest" });
    expect(await failure(run(folder, ["build", "diff", join(folder, "none"), b]))).toMatchObject({ code: "usage" });
  });

  test("calls a job that makes other bytes of the same parts not reproducible", async ({ folder }) => {
    const [a, b] = [join(folder, "a"), join(folder, "b")];
    await makeDist(a, { job: { parts } });
    await makeDist(b, { content: "other", job: { parts } });
    expect(await run(folder, ["build", "diff", a, b])).toContain(
      "demo  no part differs, so the same input made other bytes: this job is not reproducible\n    2 files differ\n",
    );
  });

  test("takes jobs apart that only one of the builds has", async ({ folder }) => {
    const manifest = await readManifest(join(await makeDist(folder), "artifacts.json"));
    const [job] = manifest.jobs as [BuiltJob];
    const other: Manifest = { ...manifest, jobs: [{ ...job, id: "other" }], artifacts: [] };
    expect(compareBuilds(manifest, other).jobs.map((one) => [one.job, one.in])).toEqual([
      ["other", "after"],
      ["demo", "before"],
    ]);
  });
});

describe("a command below `build`", () => {
  test("leaves `build` what it is", async ({ folder }) => {
    const says = async (...words: readonly string[]) => {
      const error = await failure(run(folder, words));
      return error instanceof Error ? error.message : undefined;
    };
    expect(await says("build")).toBe("Required option '--target <target>' not specified.");
    expect(await says("build", "--target", "linux", "extra")).toContain("Too many arguments for 'build'.");
    expect(await says("build", "--target", "linux", "diff", "a", "b")).toContain("Too many arguments for 'build'.");
    expect(await says("--target", "linux", "diff", "a")).toContain("Too many arguments for 'build'.");
    expect(await says("diff", "a", "b")).toContain("Command `diff` is unknown.");
    expect(await says("build", "diff")).toContain("Missing required argument 'before'.");
    expect(await says("build", "diff", "a", "b", "--target", "linux")).toContain(
      "Option `--target` is unknown. Available: `--json`,",
    );
    expect(await says("build", "--help")).toBeUndefined();
    expect(await says("build", "diff", "--help")).toBeUndefined();
  });
});
