import { basename } from "node:path";
import { distributionOf, vendorOf } from "../dist/distribution.ts";
import type { BuiltJob, Manifest } from "../dist/manifest.ts";
import { debianPurl, toolArch } from "../label/purl.ts";
import type { ReleaseSet } from "./set.ts";

/**
 * Something that a build used or made
 * (https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md).
 */
interface Resource {
  readonly name?: string;
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
}

/**
 * Writes the provenance of one build of a set: an in-toto statement with SLSA's provenance
 * (https://slsa.dev/spec/v1.0/provenance). Like the SBOM, it depends only on the artifacts: the
 * same artifacts give the same statement on every machine. `manifest` is the build's
 * `artifacts.json` as it is published.
 */
export function makeProvenance(
  set: ReleaseSet,
  { manifest: build }: ReleaseSet["dists"][number],
  manifest: { readonly name: string; readonly sha256: string } | undefined,
): string {
  const { builder, line, target, variant, arch, flags, jobs } = build;
  const published = new Map(set.files.map(({ name, sha256 }) => [name, sha256]));
  const files = build.artifacts
    .map(({ file, sha256 }) => ({ name: basename(file), sha256 }))
    .filter(({ name, sha256 }) => published.get(name) === sha256);
  const tool = `pkg:generic/${builder.name}@${builder.version}`;
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [...files, ...(manifest === undefined ? [] : [manifest])].map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: `${tool}#docs/releasing.md`,
        externalParameters: { line, target, variant, arch, root: jobs[0]?.root?.name },
        internalParameters: {
          flags,
          distribution: distributionOf(build),
          jobs: jobs.map(({ id, key, revision }) => ({ id, key, revision })),
          allowed: set.allowed,
        },
        resolvedDependencies: distinct(jobs.flatMap((job) => [...sourcesOf(line, job), ...toolsOf(build, job)])),
      },
      runDetails: {
        builder: { id: builder.workflow ?? tool, version: { [builder.name]: builder.version, node: builder.node } },
        metadata: builder.run === undefined ? {} : { invocationId: builder.run },
      },
    },
  };
  return `${JSON.stringify(statement, undefined, 2)}\n`;
}

/** The base, each pick and patch, and what they make together, with and without those of packaging. */
function sourcesOf(
  line: string,
  { source, base, picks = [], series, packaging = [], patchedCommit, patchedTree, packaged }: BuiltJob,
): readonly Resource[] {
  const pin: Resource =
    base.kind === "git"
      ? { name: source, uri: `git+${base.url}@${base.commit}`, digest: { gitCommit: base.commit } }
      : { name: source, uri: debianPurl("debian", base.package, base.version, "all"), digest: { sha256: base.sha256 } };
  const patches = [...series, ...packaging].map(({ name, sha256 }) => ({
    name: `patches/${line}/${source}/${name}`,
    digest: { sha256 },
  }));
  const made = [{ name: `${source}, patched`, digest: { gitCommit: patchedCommit, gitTree: patchedTree } }];
  if (packaged !== undefined)
    made.push({ name: `${source}, patched for packages`, digest: { gitCommit: packaged.commit, gitTree: packaged.tree } });
  const url = base.kind === "git" ? base.url : "";
  const taken = picks.map(({ commit }) => ({
    name: `${source}, picked`,
    uri: `git+${url}@${commit}`,
    digest: { gitCommit: commit },
  }));
  return [pin, ...taken, ...patches, ...made];
}

/** The build tools, or all packages of the root; only their versions are recorded, no digests. */
function toolsOf(build: Manifest, { tools, root }: BuiltJob): readonly Resource[] {
  const uri = (name: string, version: string) => debianPurl(vendorOf(build), name, version, toolArch(build));
  return Object.entries(root?.packages ?? tools).map(([name, version]) => ({ name, uri: uri(name, version) }));
}

function distinct(resources: readonly Resource[]): readonly Resource[] {
  return [...new Map(resources.map((resource) => [JSON.stringify(resource), resource])).values()];
}
