import { join } from "node:path";
import { expect } from "vitest";
import { z } from "zod";
import { listAssets } from "../../../src/set/assets.ts";
import { readDist } from "../../../src/dist/read.ts";
import { makeSbom } from "../../../src/set/sbom.ts";
import { makeSet } from "../../../src/set/set.ts";
import { makeDist } from "../../helpers/dist.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";

const digest = z.partialRecord(z.enum(["sha256", "gitCommit", "gitTree"]), z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/));
/**
 * A resource has one of these three (in-toto's spec/v1/resource_descriptor.md); we never use
 * `content`.
 */
const resource = z
  .strictObject({
    name: z.string().optional(),
    uri: z
      .string()
      .regex(/^[a-z+]+:/)
      .optional(),
    digest: digest.optional(),
  })
  .refine(({ uri, digest: sums }) => uri !== undefined || sums !== undefined);

/**
 * https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and
 * https://slsa.dev/spec/v1.0/provenance, whose required fields are required here.
 */
const statementSchema = z.strictObject({
  _type: z.literal("https://in-toto.io/Statement/v1"),
  subject: z
    .array(z.strictObject({ name: z.string().min(1), digest: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }) }))
    .min(1),
  predicateType: z.literal("https://slsa.dev/provenance/v1"),
  predicate: z.strictObject({
    buildDefinition: z.strictObject({
      buildType: z.string().regex(/^pkg:/),
      externalParameters: z.record(z.string(), z.string()),
      internalParameters: z.record(z.string(), z.unknown()),
      resolvedDependencies: z.array(resource).min(1),
    }),
    runDetails: z.strictObject({
      builder: z.strictObject({ id: z.string().regex(/^(https|pkg):/), version: z.record(z.string(), z.string()) }),
      metadata: z.strictObject({ invocationId: z.url().optional() }),
    }),
  }),
});

async function makeAssets(dists: readonly string[]) {
  const set = makeSet(await Promise.all(dists.map(async (dist) => readDist(dist, host))), []);
  return listAssets({ ...set, sbom: await makeSbom(set) });
}

test("packaging patches are among what a build was made of, with the commit that they make", async ({ folder }) => {
  const packaged = { commit: "8".repeat(40), tree: "9".repeat(40) };
  const patch = {
    name: "packaging/x.patch",
    sha256: "a".repeat(64),
    patchId: "b".repeat(40),
    seed: "none",
    subject: "X",
    origin: "vendor",
  };
  const assets = await makeAssets([await makeDist(folder, { job: { packaging: [patch], packaged } })]);
  const asset = assets.find(({ name }) => name.startsWith("provenance-"));
  const { predicate } = statementSchema.parse(JSON.parse(asset !== undefined && "text" in asset ? asset.text : ""));
  expect(predicate.buildDefinition.resolvedDependencies).toEqual(
    expect.arrayContaining([
      { name: "patches/1.0/demo/packaging/x.patch", digest: { sha256: "a".repeat(64) } },
      { name: "demo, patched for packages", digest: { gitCommit: packaged.commit, gitTree: packaged.tree } },
    ]),
  );
});

test("picks are among what a build was made of, and builds with other picks do not belong together", async ({ folder }) => {
  const picks = [{ commit: "6".repeat(40), why: "a fix", without: [], patchId: "7".repeat(40) }];
  const dist = await makeDist(join(folder, "a"), { job: { picks } });
  const asset = (await makeAssets([dist])).find(({ name }) => name.startsWith("provenance-"));
  const { predicate } = statementSchema.parse(JSON.parse(asset !== undefined && "text" in asset ? asset.text : ""));
  expect(predicate.buildDefinition.resolvedDependencies).toContainEqual({
    name: "demo, picked",
    uri: expect.stringMatching(new RegExp(`^git\\+.*@${"6".repeat(40)}$`)),
    digest: { gitCommit: "6".repeat(40) },
  });
  const windows = {
    target: "windows",
    others: ["ovs.msi"],
    job: { picks: [{ ...picks[0], commit: "8".repeat(40) }] as typeof picks },
  };
  await expect(makeAssets([dist, await makeDist(join(folder, "b"), windows)])).rejects.toMatchObject({
    code: "usage",
    message: expect.stringContaining("`demo`: picks differ."),
  });
});

test("each build's provenance names its published files, pins, patches and parameters", async ({ folder }) => {
  const amd64 = await makeDist(join(folder, "a"));
  const arm64 = await makeDist(join(folder, "b"), { arch: "arm64" });
  const assets = await makeAssets([arm64, amd64]);
  const names = assets.map(({ name }) => name);
  const statementOf = (name: string) => {
    const asset = assets.find((candidate) => candidate.name === `provenance-linux-debian-12-${name}-default.intoto.json`);
    return statementSchema.parse(JSON.parse(asset !== undefined && "text" in asset ? asset.text : ""));
  };
  const [first, second] = [statementOf("amd64"), statementOf("arm64")];
  const digests = new Map(assets.map(({ name, sha256 }) => [name, sha256]));
  for (const {
    name,
    digest: { sha256 },
  } of [...first.subject, ...second.subject])
    expect(digests.get(name)).toBe(sha256);
  expect(first.subject.map(({ name }) => name)).toEqual([
    "demo-data_1.2.3-1+kovn1.00000001_all.deb",
    "demo_1.2.3-1+kovn1.00000001_amd64.deb",
    "artifacts-linux-debian-12-amd64-default.json",
  ]);
  // Packages for all architectures come from amd64.
  expect(second.subject.map(({ name }) => name)).toEqual([
    "demo_1.2.3-1+kovn1.00000001_arm64.deb",
    "artifacts-linux-debian-12-arm64-default.json",
  ]);
  const subjects = new Set([...first.subject, ...second.subject].map(({ name }) => name));
  expect(names.filter((name) => !subjects.has(name))).toEqual([
    expect.stringMatching(/^sbom-/),
    "provenance-linux-debian-12-amd64-default.intoto.json",
    "provenance-linux-debian-12-arm64-default.intoto.json",
    "SHA256SUMS",
  ]);
  const { buildDefinition, runDetails } = first.predicate;
  expect(buildDefinition.externalParameters).toEqual({ line: "1.0", target: "linux", variant: "default", arch: "amd64" });
  expect(buildDefinition.resolvedDependencies).toEqual([
    { name: "demo", uri: `git+https://example.com/demo.git@${"5".repeat(40)}`, digest: { gitCommit: "5".repeat(40) } },
    { name: "patches/1.0/demo/greet-world.patch", digest: { sha256: "1".repeat(64) } },
    { name: "patches/1.0/demo/take-back.patch", digest: { sha256: "3".repeat(64) } },
    { name: "demo, patched", digest: { gitCommit: "6".repeat(40), gitTree: "7".repeat(40) } },
    { name: "gcc", uri: "pkg:deb/debian/gcc@4:12.2.0-3?arch=amd64" },
    { name: "debhelper", uri: "pkg:deb/debian/debhelper@13.11.4?arch=amd64" },
  ]);
  expect(runDetails).toEqual({
    builder: { id: "pkg:generic/kovn-build@0.1.0", version: { "kovn-build": "0.1.0", node: "20.0.0" } },
    metadata: {},
  });
});

test("builds for several distributions have documents of their own, which name distribution, root and its packages", async ({
  folder,
}) => {
  const root = { name: "ubuntu:24.04", packages: { libc6: "2.39-0ubuntu8" } };
  const assets = await makeAssets([
    await makeDist(join(folder, "a")),
    await makeDist(join(folder, "b"), { distribution: "ubuntu 24.04", job: { root } }),
  ]);
  expect(assets.map(({ name }) => name).filter((name) => name.startsWith("artifacts-"))).toEqual([
    "artifacts-linux-debian-12-amd64-default.json",
    "artifacts-linux-ubuntu-24.04-amd64-default.json",
  ]);
  const asset = assets.find(({ name }) => name === "provenance-linux-ubuntu-24.04-amd64-default.intoto.json");
  const { subject, predicate } = statementSchema.parse(JSON.parse(asset !== undefined && "text" in asset ? asset.text : ""));
  expect(subject.map(({ name }) => name)).toEqual([
    "demo-data_1.2.3-1+kovn1.00000001.ubuntu24.04_all.deb",
    "demo_1.2.3-1+kovn1.00000001.ubuntu24.04_amd64.deb",
    "artifacts-linux-ubuntu-24.04-amd64-default.json",
  ]);
  const { externalParameters, internalParameters, resolvedDependencies } = predicate.buildDefinition;
  expect(externalParameters).toMatchObject({ root: "ubuntu:24.04" });
  expect(internalParameters).toMatchObject({ distribution: "ubuntu 24.04" });
  expect(resolvedDependencies).toContainEqual({ name: "libc6", uri: "pkg:deb/ubuntu/libc6@2.39-0ubuntu8?arch=amd64" });
});

test("provenance is the same bytes on every machine, in any order of builds", async ({ folder }) => {
  const dists = [await makeDist(join(folder, "a")), await makeDist(join(folder, "b"), { arch: "arm64" })];
  expect(await makeAssets(dists.toReversed())).toEqual(await makeAssets(dists));
});
