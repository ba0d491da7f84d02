import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { sha256 } from "../sys/files.ts";
import { checksums } from "../dist/artifact.ts";
import { makeProvenance } from "./provenance.ts";
import type { ReleaseSet } from "./set.ts";

/** A file as it is published: its bytes are those of a file, or a text that was made for the set. `size` is in bytes. */
export type Asset = { readonly name: string; readonly size: number; readonly sha256: string } & (
  | { readonly path: string }
  | { readonly text: string }
);

/** The name of the list of digests. */
export const sumsName = "SHA256SUMS";

/** What is published of a set where files lie side by side: its files, each build's `artifacts.json`, the list of materials, each build's provenance, and last the digests of all. Throws "usage" for a name that is there twice. */
export async function listAssets(set: ReleaseSet): Promise<readonly Asset[]> {
  const files = set.files.map(({ name, path, size, sha256: digest }): Asset => ({ name, path, size, sha256: digest }));
  const manifests = set.dists.map(async ({ name, folder }) =>
    textAsset(`artifacts-${name}.json`, await readFile(join(folder, "artifacts.json"), "utf8")),
  );
  const read = await Promise.all(manifests);
  const statements = set.dists.map((dist, index) =>
    textAsset(`provenance-${dist.name}.intoto.json`, makeProvenance(set, dist, read[index])),
  );
  const assets = [...files, ...read, sbomAsset(set), ...statements];
  const sums = checksums(assets.map((asset) => ({ file: asset.name, sha256: asset.sha256 })));
  const all = [...assets, textAsset(sumsName, sums)];
  const twice = all.find(({ name }, index) => all.findIndex((other) => other.name === name) !== index);
  if (twice === undefined) return all;
  throw new BuildError("usage", `There would be two assets of the name ${twice.name}.`, { hint: "rename the file in the build" });
}

/** The set's list of materials, under a name that is the set's own. */
export function sbomAsset(set: ReleaseSet): Asset & { readonly text: string } {
  return textAsset(`sbom-${set.line}-${set.id}.cdx.json`, set.sbom);
}

/** A text as an asset. */
export function textAsset(name: string, text: string): Asset & { readonly text: string } {
  return { name, text, size: Buffer.byteLength(text), sha256: sha256(text) };
}
