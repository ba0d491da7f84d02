import { chown, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { makeDist, passVerify } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import { writeFiles, writeProject } from "../helpers/project.ts";
import { makeRepository } from "../helpers/repository.ts";
import { complains } from "../helpers/wrong.ts";

/** The fixture project with this `release.yaml`, and a build in its `dist`. */
async function makeReady(folder: string, file: string, build = {}) {
  const project = await writeProject(folder, { "release.yaml": file });
  const dist = await makeDist(join(project, "dist"), build);
  return { project, dist };
}

describe("release.yaml", () => {
  test("says where `publish` alone publishes to, from the file's folder, and how many versions stay", async ({ folder }) => {
    const { project } = await makeReady(folder, "to: [apt=repository, dir=../out]\nkeep: 1\n");
    await mkdir(join(project, "deep"));
    const result = await kovnBuild(join(project, "deep"), ["publish"]);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toMatch(/^apt=repository: 3 added$[^]*^dir=\.\.\/out: 6 added$/m);
    expect(await readdir(join(project, "repository/pool/bookworm/1.0"))).toHaveLength(2);
    expect(await readdir(join(folder, "out"))).toContain("SHA256SUMS");
    await makeDist(join(project, "dist"), { revision: 2 });
    const next = await kovnBuild(project, ["publish", "--to", "apt=repository"]);
    expect(next.stdout).not.toContain("removed");
    await makeDist(join(project, "dist"), { revision: 3 });
    await rm(join(folder, "out"), { recursive: true });
    expect((await kovnBuild(project, ["publish"])).stdout.match(/^ {2}removed/gm)).toHaveLength(4);
  });

  test("gives way to --to, with its key and its number of versions; --keep replaces its number", async ({ folder }) => {
    const { project } = await makeReady(folder, "to: [apt=repository]\nsign: nobody@example.com\nkeep: 1\n");
    expect(await kovnBuild(project, ["publish", "--to", "dir=out"])).toMatchObject({ exitCode: 0 });
    expect(await readdir(project)).not.toContain("repository");
    const own = await kovnBuild(project, ["publish", "--keep", "2"]);
    expect(own).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("nobody@example.com") as unknown });
  });

  test("is what `release plan` previews, and `patches check` reports", async ({ folder }) => {
    const project = await makeRepository(folder, { "release.yaml": "to: [dir=out]\n" });
    await makeDist(join(project, "dist"));
    const plan = await kovnBuild(project, ["release", "plan", "1.0.0"]);
    expect(plan.stdout).toContain("  goes to     dir=out: SHA256SUMS\n");
    const check = await kovnBuild(project, ["patches", "check"]);
    expect(check.stdout).toContain("ok       all  all  release.yaml: publishes to dir=out\n");
  });

  test.for<[string, Parameters<typeof makeDist>[1], string, readonly [string, string]]>([
    [
      "only: { targets: [linux] }",
      { target: "windows", others: ["a.msi"] },
      "dist/windows is of target windows; release.yaml lets only target linux be published.",
      ["publish other artifacts, or add `windows` to `only.targets` in release.yaml", "only: { targets: [linux, windows] }"],
    ],
    [
      "only: { variants: [default] }",
      { variant: "legacy" },
      "dist/linux-legacy is of variant legacy; release.yaml lets only variant default be published.",
      ["publish other artifacts, or add `legacy` to `only.variants` in release.yaml", "only: { variants: [default, legacy] }"],
    ],
    [
      'only: { lines: ["1.0"] }',
      { line: "1.1" },
      "dist/linux is of line 1.1; release.yaml lets only line 1.0 be published.",
      ["publish other artifacts, or add `1.1` to `only.lines` in release.yaml", 'only: { lines: ["1.0", "1.1"] }'],
    ],
  ])(
    "%s refuses other artifacts, also with --to, and what the message says helps",
    async ([file, build, why, [fix, fixed]], { folder }) => {
      const { project } = await makeReady(folder, `${file}\n`, build);
      const pipeline = (target: string) =>
        `name: ${target}\ntarget: ${target}\nflags: { default: { amd64: -O2 }, legacy: { amd64: -O2 } }\njobs: { demo: { source: demo, steps: [{ uses: shell, with: { script: "true" } }], artifacts: ["*"] } }\n`;
      await writeFiles(project, { "pipelines/test.yaml": pipeline("linux"), "pipelines/w.yaml": pipeline("windows") });
      await mkdir(join(project, "patches/1.1"));
      const before = await contentOf(project);
      const result = await kovnBuild(project, ["publish", "--to", "dir=out"]);
      expect(result).toMatchObject({ exitCode: 2, stdout: "" });
      expect(result.stderr).toContain(`${why}\n  -> ${fix}`);
      expect(await contentOf(project)).toEqual(before);
      await writeFiles(project, { "release.yaml": `${fixed}\n` });
      expect(await kovnBuild(project, ["publish", "--to", "dir=out"])).toMatchObject({ exitCode: 0 });
    },
  );

  test("lets only the exceptions be made that it lists, and offers no other", async ({ folder }) => {
    const { project, dist } = await makeReady(folder, "only: { allow: [alternate] }\n");
    await passVerify(dist, { checks: { integrity: "fail" } });
    const refused = await kovnBuild(project, ["publish", "--to", "dir=out", "--allow-unverified"]);
    expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
    expect(refused.stderr).toContain(
      "--allow-unverified is given, and release.yaml does not let anybody publish such artifacts.\n  -> leave it out, or add `unverified` to `only.allow` in release.yaml",
    );
    const plain = await kovnBuild(project, ["publish", "--to", "dir=out", "--allow-alternate"]);
    expect(plain).toMatchObject({ exitCode: 2, stdout: "" });
    expect(plain.stderr).toMatch(/failed `verify` \(integrity\)\.\n {2}-> kovn-build verify$/m);
    await writeFiles(project, { "release.yaml": "only: { allow: [unverified] }\n" });
    expect(await kovnBuild(project, ["publish", "--to", "dir=out", "--allow-unverified"])).toMatchObject({ exitCode: 0 });
  });

  test("without destinations, --to is needed", async ({ folder }) => {
    const { project } = await makeReady(folder, "only: { targets: [linux] }\n");
    const result = await kovnBuild(project, ["publish"]);
    expect(result).toMatchObject({ exitCode: 2, stdout: "" });
    expect(result.stderr).toMatch(/No destination given\.\n {2}-> --to apt=DIR .*; or `to` in release\.yaml$/m);
  });

  test.skipIf(process.getuid?.() !== 0)("of another user is refused", async ({ folder }) => {
    const { project } = await makeReady(folder, "to: [dir=out]\n");
    await chown(join(project, "release.yaml"), 4242, 4242);
    expect(await kovnBuild(project, ["publish"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("release.yaml belongs to user with id 4242") as unknown,
    });
  });

  const token = `ghp_${"a".repeat(36)}`;
  test.for<[string, string, readonly string[]]>([
    ["no YAML", "to: [\n", ["release.yaml:2:1: "]],
    ["an unknown key", "too: []\n", ["release.yaml:1:1: Key `too` is unknown here."]],
    ["a place for a secret", "token: x\n", ["release.yaml:1:1: Key `token` is unknown here."]],
    ["a text instead of a list", "to: apt=x\n", ["release.yaml:1:5: `to`: "]],
    [
      "an unknown kind of destination",
      "to:\n  - ftp=x\n",
      ["release.yaml:2:5: `ftp=x` is not a destination. Available: apt=DIR"],
    ],
    ["a destination without a place", "to: [apt=]\n", ["release.yaml:1:6: `apt=` is not a destination."]],
    ["an image that cannot be", "to: ['oci=packages']\n", ["release.yaml:1:6: `oci=packages` does not begin with the host"]],
    [
      "one destination inside another",
      "to: [apt=a, dir=a/b]\n",
      ["release.yaml:1:5: `to`: `apt=a` and `dir=a/b` are the same place"],
    ],
    ["a key without a destination", "sign: a@example.com\n", ["release.yaml:1:7: `sign`: there is no destination"]],
    ["a number without an apt repository", "to: [github]\nkeep: 2\n", ["release.yaml:2:7: `keep`: it is for an apt repository"]],
    ["no version that stays", "to: [apt=x]\nkeep: 0\n", ["release.yaml:2:7: `keep`: "]],
    ["an unknown rule", "only: { sources: [ovs] }\n", ["release.yaml:1:9: Key `sources` is unknown here."]],
    ["an empty rule", "only: { lines: [] }\n", ["release.yaml:1:16: `lines`: expected at least one line."]],
    ["an unknown line", 'only: { lines: ["1.3"] }\n', ["release.yaml:1:17: Line `1.3` is unknown. Available: `1.0`."]],
    ["a line that YAML reads as a number", "only: { lines: [1.0] }\n", ["release.yaml:1:17: "]],
    ["an unknown target", "only: { targets: [mac] }\n", ["release.yaml:1:19: Target `mac` is unknown. Available: `linux`."]],
    ["an unknown variant", "only: { variants: [x] }\n", ["release.yaml:1:20: Variant `x` is unknown. Available: `default`."]],
    ["an unknown exception", "only: { allow: [all] }\n", ["release.yaml:1:17: "]],
    ["two problems", "to: [x]\nmore: 1\n", ["release.yaml:1:6: `x` is not", "release.yaml:2:1: Key `more`"]],
  ])("with %s is refused, with file and line", async ([, file, says], { folder }) => {
    const project = await writeProject(folder, { "release.yaml": file });
    await complains(project, ["publish", "--to", "dir=out"], { exitCode: 2, says });
    const check = await kovnBuild(project, ["patches", "check"]);
    expect(check.exitCode).toBe(2);
    for (const text of says) expect(check.stdout).toContain(text);
  });

  test.for([
    [`to: [github=${token}]\n`, "release.yaml:1:6: a secret does not belong in this file"],
    [`sign: ${token}\nto: [dir=x]\n`, "release.yaml:1:7: `sign`: a secret does not belong in this file"],
    ["to: ['oci=https://pat:hush-hush@registry.example.com/x']\n", "release.yaml:1:6: "],
    ["to: ['oci=pat:hush-hush@registry.example.com/x']\n", "release.yaml:1:6: The destination oci= has a user or a password"],
  ])("with a secret is refused, and the secret is not shown: %s", async ([file = "", says = ""], { folder }) => {
    const project = await writeProject(folder, { "release.yaml": file });
    const { stderr } = await complains(project, ["publish"], { exitCode: 2, says: [says] });
    expect(stderr).not.toMatch(/ghp_|hush/);
  });
});
