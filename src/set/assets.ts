import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { sha256 } from "../sys/files.ts";
import { checksums } from "../dist/artifact.ts";
import { readText } from "../sys/read-file.ts";
import { makeProvenance } from "./provenance.ts";
import type { ReleaseSet } from "./set.ts";

/**
 * A file as it is published: the content of `path`, or a text made for the set. `size` is in bytes.
 */
export type Asset = { readonly name: string; readonly size: number; readonly sha256: string } & (
  | { readonly path: string }
  | { readonly text: string }
);

/** The file that lists the digests of all others. */
export const sumsName = "SHA256SUMS";

/**
 * Lists the assets of a set for destinations where files lie side by side: its files, the
 * `artifacts.json` of each build, the SBOM, the provenance of each build, and last the digests of
 * all. Throws "usage" when two have the same name.
 */
export async function listAssets(set: ReleaseSet): Promise<readonly Asset[]> {
  const files = set.files.map(({ name, path, size, sha256: digest }): Asset => ({ name, path, size, sha256: digest }));
  const manifests = set.dists.map(async ({ name, folder }) =>
    textAsset(`artifacts-${name}.json`, await readText(join(folder, "artifacts.json"), "a manifest")),
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
  throw new BuildError("usage", `Two assets would have the name ${twice.name}.`, { hint: "rename the file in the build" });
}

/** The SBOM of a set, under a name that no other set has. */
export function sbomAsset(set: ReleaseSet): Asset & { readonly text: string } {
  return textAsset(`sbom-${set.line}-${set.id}.cdx.json`, set.sbom);
}

/** Makes an asset of a text. */
export function textAsset(name: string, text: string): Asset & { readonly text: string } {
  return { name, text, size: Buffer.byteLength(text), sha256: sha256(text) };
}
