import { join } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { expect } from "vitest";
import { readDist } from "../../../src/dist/read.ts";
import { makeSbom } from "../../../src/set/sbom.ts";
import { makeSet, type Allowance } from "../../../src/set/set.ts";
import { editManifest, makeDist, type SmallBuild } from "../../helpers/dist.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";

interface Component {
  readonly "bom-ref": string;
  readonly pedigree?: unknown;
  readonly [key: string]: unknown;
}

/** What is wrong with an SBOM by the schema of its format; null when nothing is. */
async function validate(text: string): Promise<unknown> {
  return new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);
}

/** Makes the SBOM of builds, validated. */
async function sbomOf(folders: readonly string[], allow: readonly Allowance[] = []) {
  const text = await makeSbom(makeSet(await Promise.all(folders.map(async (dist) => readDist(dist, host))), allow));
  expect(await validate(text)).toBeNull();
  const bom = JSON.parse(text) as {
    components: Component[];
    dependencies: { ref: string; dependsOn?: string[] }[];
    metadata: unknown;
  };
  const component = (ref: string) => bom.components.find((candidate) => candidate["bom-ref"] === ref);
  const needs = (ref: string) => bom.dependencies.find((candidate) => candidate.ref === ref)?.dependsOn;
  return { text, bom, component, needs };
}

async function twoBuilds(folder: string, windows: SmallBuild = {}): Promise<string[]> {
  return [
    await makeDist(join(folder, "dist")),
    await makeDist(join(folder, "dist"), { target: "windows", others: ["ovs.msi"], ...windows }),
  ];
}

test("a source has its upstream commit, licences, and each patch with sha256, origin and seed entry as pedigree", async ({
  folder,
}) => {
  const { component } = await sbomOf(await twoBuilds(folder));
  const commit = "5".repeat(40);
  expect(component("source:demo")).toMatchObject({
    version: "1.2.3+kovn1",
    licenses: [{ expression: "Apache-2.0 AND BSD-2-Clause" }],
    pedigree: {
      ancestors: [{ name: "demo", version: "1.2.3", purl: expect.stringContaining(`%40${commit}`) }],
      commits: [{ uid: commit }],
      patches: [
        {
          type: "unofficial",
          diff: { url: `patches/1.0/demo/greet-world.patch#sha256=${"1".repeat(64)}` },
          resolves: [{ id: "aaaaaaaaaa", name: "Greet", description: "Origin: vendor; seed entry: aaaaaaaaaa" }],
        },
        {
          type: "backport",
          diff: { url: `patches/1.0/demo/take-back.patch#sha256=${"3".repeat(64)}` },
          resolves: [{ name: "Fix", description: "Origin: backport, abc; seed entry: none" }],
        },
      ],
    },
  });
});

test("packaging patches are in the pedigree of a source, and what they make in its properties", async ({ folder }) => {
  const patch = { name: "packaging/x.patch", sha256: "a".repeat(64), patchId: "b".repeat(40), seed: "none", subject: "X" };
  const made = { packaging: [{ ...patch, origin: "vendor" }], packaged: { commit: "8".repeat(40), tree: "9".repeat(40) } };
  const dist = await makeDist(folder);
  const url = `patches/1.0/demo/packaging/x.patch#sha256=${"a".repeat(64)}`;
  const [plain] = (await readDist(dist, host)).manifest.jobs;
  const other = { ...plain, id: "other", key: "other" };
  const orders = [[{ ...plain, ...made }], [other, { ...plain, ...made }], [{ ...plain, ...made }, other]];
  for (const jobs of orders) {
    await editManifest(dist, (manifest) => ({ ...manifest, jobs }));
    const { component } = await sbomOf([dist]);
    expect(component("source:demo")).toMatchObject({
      pedigree: { patches: [{}, {}, { type: "unofficial", diff: { url } }] },
      properties: expect.arrayContaining([
        { name: "kovn:packagedCommit", value: "8".repeat(40) },
        { name: "kovn:packagedTree", value: "9".repeat(40) },
      ]),
    });
  }
});

test("picks are commits in the pedigree of a source; those that an alternate lacks are named", async ({ folder }) => {
  const picks = [{ commit: "6".repeat(40), why: "CVE-1: a fix", without: ["tests/"], patchId: "7".repeat(40) }];
  const { component } = await sbomOf([await makeDist(join(folder, "pin"), { job: { picks } })]);
  const pedigree = component("source:demo")?.pedigree as { commits: { uid: string; message: string }[] };
  expect(pedigree.commits.map(({ uid }) => uid)).toEqual(["5".repeat(40), "6".repeat(40)]);
  expect(pedigree.commits[1]?.message).toMatch(/^upstream, taken onto it from .*: CVE-1: a fix$/);
  const base = { kind: "apt", package: "demo-source", version: "1.2-1", member: "x.tar", sha256: "b".repeat(64) } as const;
  const missingPicks = picks.map(({ commit, why }) => ({ commit, why }));
  const dist = await makeDist(join(folder, "apt"), { job: { base, alternate: true, missingPicks } });
  const { component: other } = await sbomOf([dist], ["alternate"]);
  expect(other("source:demo")?.["properties"]).toContainEqual({
    name: "kovn:missingPicks",
    value: `${"6".repeat(12)} (CVE-1: a fix)`,
  });
});

test("every file has its digest and depends on its source, which depends on its build tools", async ({ folder }) => {
  const { component, needs } = await sbomOf(await twoBuilds(folder));
  expect(component("file:ovs.msi")).toMatchObject({
    hashes: [{ alg: "SHA-256", content: expect.stringMatching(/^[0-9a-f]{64}$/) }],
  });
  const purl = "pkg:deb/kube-ovn/demo@1.2.3-1%2Bkovn1.00000001?arch=amd64";
  expect(component("file:demo_1.2.3-1+kovn1.00000001_amd64.deb")).toMatchObject({ purl });
  expect(needs("file:ovs.msi")).toEqual(["source:demo"]);
  expect(needs("source:demo")).toEqual([
    "pkg:deb/debian/debhelper@13.11.4?arch=amd64",
    "pkg:deb/debian/gcc@4:12.2.0-3?arch=amd64",
  ]);
  expect(component("pkg:deb/debian/gcc@4:12.2.0-3?arch=amd64")).toMatchObject({ version: "4:12.2.0-3", scope: "excluded" });
});

test("build tools are those of the distribution that a build is for", async ({ folder }) => {
  const noble = await makeDist(join(folder, "noble"), { distribution: "ubuntu 24.04" });
  const { needs } = await sbomOf([await makeDist(join(folder, "bookworm")), noble]);
  expect(needs("source:demo")).toEqual(
    ["debian", "ubuntu"].flatMap((vendor) => [
      `pkg:deb/${vendor}/debhelper@13.11.4?arch=amd64`,
      `pkg:deb/${vendor}/gcc@4:12.2.0-3?arch=amd64`,
    ]),
  );
});

test("an alternate base has its package and digest, and is recorded as allowed", async ({ folder }) => {
  const base = {
    kind: "apt",
    package: "demo-source",
    version: "1.2-1",
    member: "usr/src/demo.tar",
    sha256: "b".repeat(64),
  } as const;
  const dist = await makeDist(join(folder, "dist"), { job: { base, alternate: true } });
  const { component, bom } = await sbomOf([dist], ["alternate", "unlocked"]);
  expect(component("source:demo")?.pedigree).toMatchObject({
    ancestors: [{ purl: "pkg:deb/debian/demo-source@1.2-1?arch=all", hashes: [{ alg: "SHA-256", content: "b".repeat(64) }] }],
  });
  expect(bom.metadata).toMatchObject({ component: { properties: [{ name: "kovn:allowed-alternate", value: "true" }] } });
});

test("the same builds give the same bytes, in any order", async ({ folder }) => {
  const builds = await twoBuilds(folder);
  expect((await sbomOf(builds.toReversed())).text).toBe((await sbomOf(builds)).text);
});

test("an SBOM stays valid with every kind of value that a manifest may hold", async ({ folder }) => {
  const patch = { name: "a.patch", sha256: "1".repeat(64), patchId: "2".repeat(40), seed: "none", subject: "", origin: "" };
  const subject = 'Say "h\u00e4?" <\\> \u{1f427}';
  const job = {
    version: "1:1.2~rc1+b-1",
    license: "Apache-2.0 AND LicenseRef-x",
    series: [patch, { ...patch, name: "b+c~.patch", subject, origin: "upstream, https://example.com/?a=b c" }],
    tools: { "g++": "4:12.2.0-3", "libstdc++6": "12.2.0-14+deb12u1~x" },
  };
  const { component } = await sbomOf([await makeDist(join(folder, "dist"), { job })]);
  expect(component("source:demo")?.pedigree).toMatchObject({ patches: [{ type: "unofficial" }, { type: "cherry-pick" }] });
  await sbomOf([await makeDist(join(folder, "bare"), { job: { series: [], tools: {} } })]);
});

test("the validator of these tests finds what breaks the schema", async ({ folder }) => {
  const { text } = await sbomOf([await makeDist(join(folder, "dist"))]);
  expect(await validate(text.replace('"cherry-pick"', '"stolen"').replace('"unofficial"', '"stolen"'))).not.toBeNull();
  expect(await validate(text.replace('"bomFormat"', '"format"'))).not.toBeNull();
});
