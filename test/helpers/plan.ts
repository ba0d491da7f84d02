import type { Pipeline } from "../../src/config/pipeline.ts";
import type { Source } from "../../src/config/source.ts";
import type { Base } from "../../src/plan/base.ts";
import type { PlanInput } from "../../src/plan/plan.ts";

/** A source with two patches and one alternate. */
export function aSource(changes: Partial<Source> = {}): Source {
  return {
    line: "1.0",
    name: "ovs",
    path: "/p/source.yaml",
    upstream: "https://example.com/ovs.git",
    place: "https://example.com/ovs.git",
    branch: "main",
    commit: "a".repeat(40),
    version: "3.1.8",
    revision: 7,
    alternates: [{ apt: "openvswitch-source", version: "3.1.0-2", member: "usr/src/ovs.tar.gz", sha256: "b".repeat(64) }],
    merged: [],
    dropped: [],
    picks: [],
    patches: [aPatch("first.patch"), aPatch("second.patch")],
    packaging: {},
    ...changes,
  };
}

/** A patch as if read from `/p/<name>`. */
export function aPatch(name: string, changes: Partial<Source["patches"][number]> = {}): Source["patches"][number] {
  return { name, path: `/p/${name}`, sha256: `sha-of-${name}`, subject: name, seed: "none", origin: "", ...changes };
}

/** The bases of `aSource` in the order of declaration: the pin, then the alternate. */
export const pinBase: Base & { kind: "git" } = { kind: "git", url: "https://example.com/ovs.git", commit: "a".repeat(40) };
export const aptBase: Base = {
  kind: "apt",
  package: "openvswitch-source",
  version: "3.1.0-2",
  member: "usr/src/ovs.tar.gz",
  sha256: "b".repeat(64),
};

/** A job of the source `ovs` with one shell step. */
export function aJob(changes: Partial<Pipeline["jobs"][string]> = {}): Pipeline["jobs"][string] {
  return {
    source: "ovs",
    needs: [],
    packages: ["gcc"],
    steps: [{ uses: "shell", with: { script: "make" } }],
    outputs: [],
    artifacts: ["*.deb"],
    ...changes,
  };
}

/** A pipeline whose job `ovn` needs its job `ovs`, for two architectures and two variants. */
export function aPipeline(changes: Partial<Pipeline> = {}): Pipeline {
  return {
    name: "test",
    target: "linux",
    host: "linux",
    flags: { default: { amd64: "-O2 -mpopcnt", arm64: "-O2" }, legacy: { amd64: "-O1", arm64: "-O1" } },
    jobs: { ovn: aJob({ source: "ovn", needs: ["ovs"] }), ovs: aJob() },
    ...changes,
  };
}

/** The whole input of a plan of `aPipeline`. */
export function aPlanInput(changes: Partial<PlanInput> = {}): PlanInput {
  return {
    line: "1.12",
    pipeline: aPipeline(),
    variant: "default",
    arch: "amd64",
    distribution: "debian 12",
    only: [],
    sources: { ovs: aSource(), ovn: aSource({ name: "ovn", patches: [] }) },
    bases: { ovs: [pinBase, aptBase], ovn: [pinBase] },
    inputs: {},
    locks: undefined,
    ...changes,
  };
}
