import type * as CycloneDX from "@cyclonedx/cyclonedx-library";
import type { Models } from "@cyclonedx/cyclonedx-library";
import { listPicks } from "../plan/picks.ts";
import { keyOf } from "../plan/key.ts";
import { pedigree } from "../label/pedigree.ts";
import { vendorOf } from "../dist/distribution.ts";
import type { BuiltJob, Manifest } from "../dist/manifest.ts";
import { guidOf } from "../sys/guid.ts";
import { makeRecord } from "../record.ts";
import { debianPurl, toolArch, upstream } from "../label/purl.ts";
import type { BareSet, SetFile } from "./set.ts";

type Library = typeof CycloneDX;

/**
 * Makes the SBOM of a set as CycloneDX 1.6 JSON: each source with its upstream, patches, licences
 * and build tools, and each file with its digest. The same set gives the same bytes. Tests validate
 * it against the schema of the format; a run does not, so that the validator is not installed.
 */
export async function makeSbom(set: BareSet): Promise<string> {
  const library = await import("@cyclonedx/cyclonedx-library");
  const { Serialize, Spec } = library;
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  const sources = joinJobs(set.jobs);
  const text = serializer.serialize(makeBom(set, sources, library), { sortLists: true });
  const written = JSON.parse(text) as { components: { "bom-ref": string }[] };
  // The library has no model of pedigrees (https://cyclonedx.org/docs/1.6/json/#components_items_pedigree).
  const components = written.components.map((component) => {
    const job = sources.get(component["bom-ref"]);
    return job === undefined ? component : { ...component, pedigree: pedigree(set.line, job) };
  });
  return `${JSON.stringify({ ...written, components }, undefined, 2)}\n`;
}

/** The set depends on its sources and files, a file on its source, a source on its build tools. */
function makeBom(set: BareSet, sources: ReadonlyMap<string, BuiltJob>, library: Library): Models.Bom {
  const { Enums, Models: models } = library;
  const bom = new models.Bom({ serialNumber: serialNumber(set), version: 1 });
  const components = new Map<string, Models.Component>();
  const add = (ref: string, make: () => Models.Component) => {
    const component = components.get(ref) ?? make();
    component.bomRef.value = ref;
    components.set(ref, component);
    bom.components.add(component);
    return component;
  };
  const whole = new models.Component(Enums.ComponentType.Application, `kovn-${set.line}`, {
    bomRef: "set",
    version: set.id,
    properties: properties(makeRecord(set.allowed.map((allowance) => [`allowed-${allowance}`, "true"])), library),
  });
  bom.metadata.component = whole;
  for (const builder of new Map(set.dists.map(({ manifest }) => [keyOf(manifest.builder), manifest.builder])).values())
    bom.metadata.tools.components.add(builderComponent(builder, library));
  for (const { manifest } of set.dists)
    for (const job of manifest.jobs) {
      const source = add(sourceRef(job), () => sourceComponent(sources.get(sourceRef(job)) ?? job, library));
      whole.dependencies.add(source.bomRef);
      for (const [name, version] of Object.entries(job.tools)) {
        const purl = debianPurl(vendorOf(manifest), name, version, toolArch(manifest));
        const tool = add(purl, () => toolComponent(name, version, purl, library));
        source.dependencies.add(tool.bomRef);
      }
    }
  for (const file of set.files) {
    const job = set.jobs.find((candidate) => candidate.id === file.job);
    const component = add(`file:${file.name}`, () => fileComponent(file, job, library));
    const source = job === undefined ? undefined : components.get(sourceRef(job));
    if (source !== undefined) component.dependencies.add(source.bomRef);
    whole.dependencies.add(component.bomRef);
  }
  return bom;
}

function builderComponent(builder: Manifest["builder"], library: Library): Models.Component {
  const { Enums, Models: models } = library;
  const { name, version, node } = builder;
  return new models.Component(Enums.ComponentType.Application, name, { version, properties: properties({ node }, library) });
}

function sourceComponent(job: BuiltJob, library: Library): Models.Component {
  const { Enums, Models: models } = library;
  const {
    version,
    revision,
    license,
    alternate,
    locked,
    baseCommit,
    patchedCommit,
    patchedTree,
    packaged,
    missingPicks = [],
  } = job;
  const built = packaged === undefined ? {} : { packagedCommit: packaged.commit, packagedTree: packaged.tree };
  const lacks = missingPicks.length === 0 ? {} : { missingPicks: listPicks(missingPicks) };
  const facts = { revision, alternate, locked, baseCommit, patchedCommit, patchedTree, ...built, ...lacks };
  return new models.Component(Enums.ComponentType.Application, job.source, {
    version: `${version}+kovn${revision}`,
    purl: upstream(job).purl,
    licenses: new models.LicenseRepository(license === undefined ? [] : [new models.LicenseExpression(license)]),
    properties: properties(facts, library),
  });
}

function toolComponent(name: string, version: string, purl: string, library: Library): Models.Component {
  const { Enums, Models: models } = library;
  return new models.Component(Enums.ComponentType.Application, name, {
    version,
    purl,
    scope: Enums.ComponentScope.Excluded,
    properties: properties({ use: "build" }, library),
  });
}

function fileComponent(file: SetFile, job: BuiltJob | undefined, library: Library): Models.Component {
  const { Enums, Models: models } = library;
  const version = file.version ?? job?.version;
  return new models.Component(Enums.ComponentType.File, file.name, {
    ...(version === undefined ? {} : { version }),
    ...filePurl(file),
    hashes: new models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], file.sha256]]),
  });
}

function properties(values: Readonly<Record<string, string | number | boolean>>, { Models: models }: Library) {
  return new models.PropertyRepository(
    Object.entries(values).map(([name, value]) => new models.Property(`kovn:${name}`, String(value))),
  );
}

function sourceRef(job: BuiltJob): string {
  return `source:${job.source}`;
}

/** Each source's jobs as one, by its reference: only some jobs of a source have packaging patches. */
function joinJobs(jobs: readonly BuiltJob[]): ReadonlyMap<string, BuiltJob> {
  const joined = new Map<string, BuiltJob>();
  for (const job of jobs) {
    const first = joined.get(sourceRef(job)) ?? job;
    const series = distinctPatches([...first.series, ...job.series]);
    const packaging = distinctPatches([...(first.packaging ?? []), ...(job.packaging ?? [])]);
    joined.set(sourceRef(job), { ...job, ...first, series, packaging });
  }
  return joined;
}

function distinctPatches(patches: BuiltJob["series"]): BuiltJob["series"] {
  return [...new Map(patches.map((patch) => [`${patch.name} ${patch.sha256}`, patch])).values()];
}

function filePurl(file: SetFile): { readonly purl?: string } {
  const { package: name, version, architecture } = file;
  if (name === undefined || version === undefined || architecture === undefined) return {};
  return { purl: debianPurl("kube-ovn", name, version, architecture) };
}

/** The same set has the same. */
function serialNumber(set: BareSet): string {
  const digest = keyOf({ sbom: set.id, allowed: set.allowed, builders: set.dists.map((dist) => dist.manifest.builder) });
  return `urn:uuid:${guidOf(digest)}`;
}
