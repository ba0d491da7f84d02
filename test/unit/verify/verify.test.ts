import { appendFile, copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect } from "vitest";
import type { Artifact, BuiltJob, Manifest } from "../../../src/dist/manifest.ts";
import { makeNote } from "../../../src/label/elf-note.ts";
import { makeLabel, type Label } from "../../../src/label/label.ts";
import { makeOwnSbom, sbomName } from "../../../src/label/sbom.ts";
import { sha256 } from "../../../src/sys/files.ts";
import type { Verdict } from "../../../src/verify/check.ts";
import { bytesOnly } from "../../../src/trial/registry.ts";
import { verify } from "../../../src/verify/verify.ts";
import { makeBin } from "../../helpers/bin.ts";
import { editManifest, makeDist } from "../../helpers/dist.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { makeProgramDist, type ProgramBuild } from "../../helpers/programs.ts";

const quiet = 'case "$1" in --version) echo "Lintian v2.116.3";; esac';

/** Verifies a path with a program in the place of lintian; the verdicts by the names of their checks. */
async function verdictsOf(path: string, lintian = quiet): Promise<Readonly<Record<string, Verdict>>> {
  await using bin = await makeBin({ lintian });
  const [found] = await verify([path], bytesOnly, { ...host, env: { PATH: `${bin.path}:${process.env["PATH"]}` } });
  return Object.fromEntries((found?.checks ?? []).map((verdict) => [verdict.check, verdict]));
}

/** What is wrong with a build, by the checks that failed. */
async function problemsOf(folder: string, build: ProgramBuild): Promise<Readonly<Record<string, string>>> {
  const verdicts = await verdictsOf(await makeProgramDist(folder, build));
  const failed = Object.values(verdicts).filter(({ verdict }) => verdict === "fail");
  return Object.fromEntries(failed.map(({ check, problems }) => [check, problems.join("\n")]));
}

/** Puts other bytes in the place of an artifact, and their size and digest into `artifacts.json`. */
async function replaceArtifact(dist: string, pattern: RegExp, bytes: Uint8Array): Promise<string> {
  let path = "";
  await editManifest(dist, (manifest) => ({
    ...manifest,
    artifacts: manifest.artifacts.map((artifact): Artifact => {
      if (!pattern.test(artifact.file)) return artifact;
      path = join(dist, artifact.file);
      return { ...artifact, size: bytes.length, sha256: sha256(bytes) };
    }),
  }));
  await writeFile(path, bytes);
  const manifest = JSON.parse(await readFile(join(dist, "artifacts.json"), "utf8")) as {
    readonly artifacts: readonly Artifact[];
  };
  const sums = manifest.artifacts.map((artifact) => `${artifact.sha256}  ${artifact.file}\n`);
  await writeFile(join(dist, "SHA256SUMS"), sums.join(""));
  return path;
}

const debOf = (dist: string) => join(dist, "demo_1.2.3-1+kovn1.00000001_amd64.deb");

test("a good build passes every check that applies, with evidence", async ({ folder }) => {
  const verdicts = await verdictsOf(await makeProgramDist(folder));
  expect(Object.values(verdicts).map(({ check, verdict, problems }) => [check, verdict, ...problems])).toEqual([
    ["integrity", "pass"],
    ["label", "skipped"],
    ["flags", "pass"],
    ["isa", "pass"],
    ["hardening", "pass"],
    ["packages", "pass"],
    ["pair", "skipped"],
  ]);
  expect(verdicts["label"]?.why).toBe(
    "none of 1 package and 1 program says how it was built: an older kovn-build, or steps of your own, wrote no labels",
  );
  expect(verdicts["flags"]?.evidence[0]).toMatch(
    /^1 compile unit of 1 program .* `-O2 -msse4.2 -mpopcnt -fstack-protector-strong`/,
  );
  expect(verdicts["isa"]?.evidence[0]).toMatch(/^\d+ instructions of 1 program .* the ceiling is x86-64-v2\.$/);
  expect(verdicts["packages"]?.evidence).toEqual(["Lintian v2.116.3 looked at 1 package with 1 file."]);
});

test("a package that was compiled with `CFLAGS=-fPIC` only is found by its flags", async ({ folder }) => {
  const { flags } = await problemsOf(folder, { cflags: "-g -fPIC" });
  expect(flags).toBe(
    [
      "demo: usr/bin/demo: no optimisation instead of -O2 in 1 of 1 compile unit, such as demo.c.",
      "demo: usr/bin/demo: no -msse4.2 -mpopcnt in 1 of 1 compile unit, such as demo.c.",
      "demo: usr/bin/demo: no -fstack-protector-strong in 1 of 1 compile unit, such as demo.c.",
    ].join("\n"),
  );
});

test("code of x86-64-v3 is found by its flags and by its instructions, with the function", async ({ folder }) => {
  const { flags, isa } = await problemsOf(folder, {
    cflags: "-O2 -g -msse4.2 -mpopcnt -march=x86-64-v3 -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE",
  });
  expect(flags).toBe("demo: usr/bin/demo: instructions of x86-64-v3 in 1 of 1 compile unit, such as demo.c.");
  expect(isa).toMatch(/^\d+ instructions in \d+ functions are above x86-64-v2\. The worst are:\n/);
  expect(isa).toMatch(/^demo: usr\/bin\/demo: `scale`: \d+ \(.*FMA.*\)$/m);
});

test("code of x86-64-v2 in the variant legacy is found by its flags and by its instructions", async ({ folder }) => {
  const dist = await makeProgramDist(folder);
  await editManifest(dist, (manifest) => ({ ...manifest, variant: "legacy", flags: "-O2 -g" }));
  const { flags, isa } = await verdictsOf(dist);
  expect(flags?.problems).toEqual(["demo: usr/bin/demo: instructions of x86-64-v2 in 1 of 1 compile unit, such as demo.c."]);
  expect(isa?.problems).toEqual([
    expect.stringMatching(/^\d+ instructions? in 1 function are above x86-64\. The worst are:$/),
    expect.stringMatching(/^demo: usr\/bin\/demo: `main`: \d+ \(POPCNT\)$/),
  ]);
});

test("instructions above the ceiling are fine in functions that the program chooses at run time", async ({ folder }) => {
  const code = `__attribute__((target("avx512f"))) double mfex_avx512_demo(double a) { return a * a; }\n`;
  expect(await problemsOf(folder, { code })).toEqual({});
  const { isa } = await verdictsOf(await makeProgramDist(folder, { code }));
  expect(isa?.evidence[1]).toMatch(/^Above it only at run time: 1 function: parsers of packet headers/);
  expect(await problemsOf(folder, { code: code.replace("mfex_", "other_") })).toHaveProperty("isa");
});

test("a program without hardening lacks all of it", async ({ folder }) => {
  const { hardening } = await problemsOf(folder, {
    cflags: "-O2 -g -msse4.2 -mpopcnt -fno-stack-protector -U_FORTIFY_SOURCE -fno-pie",
    ldflags: "-no-pie -Wl,-z,norelro,-z,lazy,-z,execstack,-rpath,/opt/lib",
  });
  expect(hardening?.split("\n").map((one) => one.replace("demo: usr/bin/demo ", ""))).toEqual([
    "is not position-independent (PIE).",
    "lacks RELRO.",
    "lacks BIND_NOW, so RELRO is not full.",
    "has an executable stack.",
    "lacks the stack protector.",
    "lacks FORTIFY.",
    "searches libraries in /opt/lib (RPATH).",
  ]);
});

test("without a dbgsym package there is no evidence for the flags, which fails", async ({ folder }) => {
  const found = await problemsOf(folder, { dbgsym: false });
  expect(Object.keys(found)).toEqual(["flags"]);
  expect(found["flags"]).toBe("demo: usr/bin/demo has no debug information: no dbgsym package or file fits it.");
});

test("a flipped byte, a file too many, and one too few fail", async ({ folder }) => {
  const dist = await makeProgramDist(folder);
  const bytes = await readFile(debOf(dist));
  bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
  await writeFile(debOf(dist), bytes);
  await appendFile(join(dist, "notes.txt"), "by hand\n");
  const { integrity } = await verdictsOf(dist);
  expect(integrity?.problems[0]).toBe(`${dist}/notes.txt is one file too many: artifacts.json does not name it.`);
  expect(integrity?.problems[1]).toMatch(/demo_.*deb has sha256 [0-9a-f]{64}, artifacts.json says [0-9a-f]{64}\.$/);
  await rm(debOf(dist));
  await rm(join(dist, "SHA256SUMS"));
  const gone = await verdictsOf(dist);
  expect(gone["integrity"]?.problems).toContain(`${debOf(dist)} is missing.`);
  expect(gone["integrity"]?.problems).toContain(`${dist}/SHA256SUMS is missing, or differs from artifacts.json.`);
  expect(gone["isa"]?.problems).toEqual(["There is no evidence: nothing was found to look at."]);
});

test("a truncated package fails, also where artifacts.json has its digest", async ({ folder }) => {
  const dist = await makeProgramDist(folder);
  const bytes = await readFile(debOf(dist));
  await replaceArtifact(dist, /^demo_/, bytes.subarray(0, bytes.length - 200));
  const { integrity, flags } = await verdictsOf(dist);
  expect(integrity?.problems.join("\n")).toMatch(/^demo_\S+\.deb cannot be unpacked: .* is not an intact Debian package: /);
  expect(flags?.verdict).toBe("fail");
});

test("a package of another tool in the place of ours fails, also with the right digest", async ({ folder }) => {
  const dist = await makeProgramDist(folder);
  const other = await makeDist(join(folder, "other"), { revision: 2 });
  await replaceArtifact(dist, /^demo_/, await readFile(join(other, "demo_1.2.3-1+kovn2.00000002_amd64.deb")));
  const { integrity } = await verdictsOf(dist);
  expect(integrity?.problems).toEqual([
    `${basename(debOf(dist))} is demo 1.2.3-1+kovn2.00000002 for amd64, artifacts.json says demo 1.2.3-1+kovn1.00000001 for amd64.`,
  ]);
});

test("`label` does not apply to files that are neither packages nor programs", async ({ folder }) => {
  const { label } = await verdictsOf(await makeDist(folder, { target: "windows", others: ["text"] }));
  expect(label).toMatchObject({ verdict: "skipped", why: expect.stringMatching(/ has neither packages nor programs$/) });
});

test("a package of a series with a patch less fails by its label, whatever artifacts.json says of its bytes", async ({
  folder,
}) => {
  const plain = await makeProgramDist(join(folder, "plain"));
  const manifest = JSON.parse(await readFile(join(plain, "artifacts.json"), "utf8")) as Manifest;
  const [job] = manifest.jobs;
  const whole = makeLabel(manifest, job as BuiltJob, { by: "Pat Cher <pat@example.com>" });
  const verdictOf = async (sbom: Label, note: Label | undefined) => {
    const options = join(folder, `options-${sha256(JSON.stringify([sbom, note]))}`);
    const own = { name: "demo", version: "1.2.3-1+kovn1.00000001" };
    const metadata = note === undefined ? "" : `'--package-metadata=${makeNote({ ...own, architecture: "amd64" }, note)}'`;
    await writeFile(options, metadata);
    const ldflags = `-pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,@${options}`;
    const files = { [`usr/share/doc/demo/${sbomName}`]: makeOwnSbom(own, sbom) };
    return (await verdictsOf(await makeProgramDist(folder, { ldflags, files })))["label"];
  };
  expect(await verdictOf(whole, whole)).toMatchObject({
    verdict: "pass",
    evidence: ["2 labels of packages and programs were compared."],
  });
  const [first, ...others] = whole.series;
  const less = { ...whole, patchedCommit: "0".repeat(40), series: others };
  const why = `says that it was built otherwise: commit ${"0".repeat(40)} instead of ${whole.patchedCommit}; without patch ${first?.name}.`;
  expect((await verdictOf(less, less))?.problems).toEqual([`demo ${why}`, `demo: usr/bin/demo ${why}`]);
  const legacy = { ...whole, variant: "legacy", flags: "-O2 -g" };
  expect((await verdictOf(whole, legacy))?.problems).toEqual([
    "demo: usr/bin/demo says that it was built otherwise: variant legacy instead of default; flags -O2 -g instead of -O2 -g -msse4.2 -mpopcnt.",
  ]);
  expect((await verdictOf(whole, undefined))?.problems).toEqual(["demo: usr/bin/demo does not say how it was built."]);
});

test("a program of a foreign architecture fails", async ({ folder }) => {
  const dist = await makeProgramDist(folder);
  await editManifest(dist, (manifest) => ({ ...manifest, arch: "arm64", flags: "-O2 -g -march=armv8-a+crc" }));
  const { isa } = await verdictsOf(dist);
  expect(isa?.problems).toEqual(["demo: usr/bin/demo is for amd64, artifacts.json says arm64."]);
});

test("a compiler flag whose instructions are not known fails", async ({ folder }) => {
  const dist = await makeProgramDist(folder);
  await editManifest(dist, (manifest) => ({ ...manifest, flags: "-O2 -g -march=native" }));
  const { isa } = await verdictsOf(dist);
  expect(isa?.problems).toEqual(["The ceiling of `-march=native` is not known."]);
});

test("lintian's errors fail but known ones, and its warnings are listed", async ({ folder }) => {
  const dist = await makeProgramDist(folder);
  const say = (...rows: readonly string[]) =>
    `${quiet}; case "$*" in *.deb) printf '%s\\n' ${rows.map((row) => `'${row}'`).join(" ")};; esac`;
  const known = "E: openvswitch-switch: init.d-script-not-included-in-package etc/init.d/x";
  const { packages: good } = await verdictsOf(dist, say(known, "W: demo: no-manual-page [usr/bin/demo]", "I: demo: spelling"));
  expect(good?.verdict).toBe("pass");
  expect(good?.warnings).toEqual([
    expect.stringMatching(/^lintian, known: openvswitch-switch: init\.d-script-not-included-in-package \(.*\)\.$/),
    "lintian: demo: no-manual-page [usr/bin/demo].",
  ]);
  const { packages: bad } = await verdictsOf(dist, say(known, "E: demo: no-copyright-file"));
  expect(bad?.problems).toEqual(["lintian: demo: no-copyright-file."]);
});

test("lintian's warnings of what every package has are said once, with the reason", async ({ folder }) => {
  const rows = [
    "W: demo: unknown-field Kovn-Base",
    "W: demo-too: unknown-field Kovn-Line",
    "W: demo: unknown-field Other",
    "W: demo: debian-revision-not-well-formed 3.1.8-1+kovn4.7c58e044.legacy.deb12",
    "W: demo: debian-revision-not-well-formed 3.1.8-1_other",
  ];
  const say = `${quiet}; case "$*" in *.deb) printf '%s\\n' ${rows.map((row) => `'${row}'`).join(" ")};; esac`;
  const { packages: found } = await verdictsOf(await makeProgramDist(folder), say);
  expect(found).toMatchObject({ verdict: "pass", problems: [] });
  expect(found?.warnings).toEqual([
    expect.stringMatching(/^lintian, known: demo, demo-too: unknown-field \(dpkg keeps these fields/),
    expect.stringMatching(/^lintian, known: demo: debian-revision-not-well-formed \(the revision says/),
    "lintian: demo: unknown-field Other.",
    "lintian: demo: debian-revision-not-well-formed 3.1.8-1_other.",
  ]);
});

test("a missing lintian, or one that fails, gives no evidence", async ({ folder }) => {
  const dist = await makeProgramDist(folder);
  const { packages } = await verdictsOf(dist, 'echo "broken perl" >&2; exit 2');
  expect(packages?.problems).toEqual(["There is no evidence: lintian failed: broken perl"]);
  await using bin = await makeBin(
    Object.fromEntries(["readelf", "nm", "prlimit", "dpkg-deb", "tar", "xz", "zstd", "gzip"].map((name) => [name, ""])),
  );
  const [found] = await verify([dist], bytesOnly, { ...host, env: { PATH: bin.path } });
  const missing = found?.checks.find(({ check }) => check === "packages");
  expect(missing?.problems).toEqual(["There is no evidence: Program `lintian` is not installed. (apt-get install lintian)"]);
});

test("a file in two packages fails", async ({ folder }) => {
  const { packages } = await problemsOf(folder, { twice: true });
  expect(packages).toBe("/usr/bin/demo is in demo-too and in demo.");
});

test("one file of a build is verified with its debug information", async ({ folder }) => {
  const dist = await makeProgramDist(folder, { twice: true });
  await appendFile(join(dist, "notes.txt"), "by hand\n");
  const verdicts = await verdictsOf(debOf(dist));
  expect(Object.values(verdicts).filter(({ verdict }) => verdict === "fail")).toEqual([]);
  expect(verdicts["flags"]?.evidence[0]).toMatch(/^1 compile unit of 1 program/);
});

test("a file without artifacts.json, or that it does not name, is an error", async ({ folder }) => {
  const dist = await makeProgramDist(folder);
  await copyFile(debOf(dist), join(folder, "alone.deb"));
  await expect(verdictsOf(join(folder, "alone.deb"))).rejects.toMatchObject({
    code: "usage",
    message: `${folder}/alone.deb has no artifacts.json beside it, which says what the file should be.`,
  });
  await copyFile(debOf(dist), join(dist, "more.deb"));
  await expect(verdictsOf(join(dist, "more.deb"))).rejects.toMatchObject({
    code: "usage",
    message: `${dist}/more.deb is not a file of this build: artifacts.json beside it does not name it.`,
  });
});

/** The files and code of a build that has Open vSwitch and OVN in one job each. */
const pairOf = (library: string, schema: string): ProgramBuild => ({
  code: `const char *strings[] = {"Open vSwitch Library ${library}\\n", "8.8.0", "7.18.0", "21.8.0", "1.3.0"};\n`,
  files: Object.fromEntries(
    Object.entries({ vswitch: schema, "ovn-nb": "7.18.0", "ovn-sb": "21.8.0", "ovn-ic-nb": "1.3.0", "ovn-ic-sb": "1.3.0" }).map(
      ([name, version]) => [`usr/share/demo/${name}.ovsschema`, `{"name": "x", "version": "${version}"}\n`],
    ),
  ),
});

test("OVN must contain the Open vSwitch that it ships with, and fit the schemas", async ({ folder }) => {
  const verdictOf = async (build: ProgramBuild) => {
    const dist = await makeProgramDist(folder, build);
    await editManifest(dist, (manifest) => {
      const [job] = manifest.jobs;
      return {
        ...manifest,
        jobs: [
          { ...job, id: "demo", source: "ovn" },
          { ...job, id: "ovs", source: "ovs", version: "3.7.2" },
        ],
      };
    });
    return (await verdictsOf(dist))["pair"];
  };
  const other = await verdictOf(pairOf("3.7.1", "8.9.0"));
  expect(other?.problems).toEqual([
    "OVN's programs contain Open vSwitch 3.7.1; the packages have 3.7.2.",
    "No program of ovs is compiled for vswitch.ovsschema 8.9.0, which the packages have.",
    "No program of ovn is compiled for vswitch.ovsschema 8.9.0, which the packages have.",
  ]);
  const right = await verdictOf(pairOf("3.7.2", "8.8.0"));
  expect(right?.evidence[0]).toBe("OVN 1.2.3 contains Open vSwitch 3.7.2.");
  expect(right?.evidence).toContain("Programs of ovn are compiled for ovn-sb.ovsschema 21.8.0.");
});

test("a program that is cut off fails as broken", async ({ folder }) => {
  const dist = await makeProgramDist(folder, { files: { "usr/bin/cut": "\x7fELF", "usr/bin/script": "MZ is not a program\n" } });
  const { integrity } = await verdictsOf(dist);
  expect(integrity?.problems).toEqual(["demo: usr/bin/cut is not a whole ELF file."]);
});
