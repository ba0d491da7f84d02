import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { Asset } from "../set/assets.ts";
import type { Body } from "../sys/fetch.ts";
import { sha256, type OnBytes } from "../sys/files.ts";
import { readText } from "../sys/read-file.ts";
import { tarPieces, type Packed } from "../sys/tar.ts";
import type { Platform, SuiteImage } from "./oci-images.ts";

/** What one document says about another, or about a blob. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** What a registry stores. */
interface Stored extends Descriptor {
  /** For messages. */
  readonly name: string;
  /** True for what a person does not look for, such as the config of an image. */
  readonly isInner?: true;
}

/** Bytes that a registry stores. */
export interface Blob extends Stored {
  readonly open: Body;
}

/** A document that a registry reads, and the blobs and documents that it names. */
export interface Document extends Stored {
  readonly text: string;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly blobs: readonly Blob[];
  readonly documents: readonly Document[];
}

export const indexType = "application/vnd.oci.image.index.v1+json";
export const manifestType = "application/vnd.oci.image.manifest.v1+json";

/**
 * Makes the image index of a suite, with an image for each architecture. Each package is a layer of
 * its own, so that one that is there already is not sent again. Layers are not compressed: packages
 * are, and no two versions of zlib give the same bytes.
 */
export async function makeImage({ distribution, platforms }: SuiteImage, line: string, onBytes: OnBytes): Promise<Document> {
  const title = { "org.opencontainers.image.title": `Packages of line ${line} for ${distribution}` };
  const images: (Document & { readonly platform: object })[] = [];
  for (const one of platforms) {
    const { architecture, variant } = one;
    const platform = { architecture, os: "linux", ...(variant === undefined ? {} : { variant }) };
    const layers = await makeLayers(one, onBytes);
    const rootfs = { type: "layers", diff_ids: layers.map(({ digest }) => digest) };
    const config = textBlob(
      "config",
      "application/vnd.oci.image.config.v1+json",
      JSON.stringify({ ...platform, config: {}, rootfs }),
    );
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: describe(config),
      layers: layers.map(describe),
      annotations: title,
    });
    const name = ["linux", architecture, ...(variant === undefined ? [] : [variant])].join("/");
    images.push({ ...textDocument(name, manifestType, text), isInner: true, blobs: [config, ...layers], platform });
  }
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: images.map((image) => ({ ...describe(image), platform: image.platform })),
    annotations: title,
  });
  return { ...textDocument("the image index", indexType, text), isInner: true, documents: images };
}

/** Makes the document that attaches a file to an image (the `subject` of the image specification). */
export function makeReferrer(asset: Asset & { readonly text: string }, artifactType: string, subject: Descriptor): Document {
  const blob = textBlob(asset.name, artifactType, asset.text);
  const empty = textBlob("the empty config", "application/vnd.oci.empty.v1+json", "{}");
  const annotations = { "org.opencontainers.image.title": asset.name };
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType,
    config: describe(empty),
    layers: [{ ...describe(blob), annotations }],
    subject: describe(subject),
    annotations,
  });
  return { ...textDocument(asset.name, manifestType, text), artifactType, annotations, blobs: [empty, blob] };
}

/** Only what a descriptor has. */
export function describe({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

async function makeLayers({ packages, manifests }: Platform, onBytes: OnBytes): Promise<readonly Blob[]> {
  const layers: Blob[] = [];
  for (const { path, to } of manifests) {
    const text = await readText(path, "a manifest");
    layers.push(await makeLayer(to, [{ name: to, text, size: Buffer.byteLength(text) }], onBytes));
  }
  for (const { name, path, size, to } of packages) {
    // Without the folder, some tools make one that only root can read.
    const folder: Packed = { name: `${dirname(to)}/`, size: 0, folder: true };
    layers.push(await makeLayer(name, [folder, { name: to, path, size }], onBytes));
  }
  return layers;
}

async function makeLayer(name: string, members: readonly Packed[], onBytes: OnBytes): Promise<Blob> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const piece of tarPieces(members, onBytes)) {
    hash.update(piece);
    size += piece.length;
  }
  const open = () => tarPieces(members, () => undefined);
  return { name, mediaType: "application/vnd.oci.image.layer.v1.tar", digest: `sha256:${hash.digest("hex")}`, size, open };
}

function textBlob(name: string, mediaType: string, text: string): Blob {
  const open = async function* () {
    yield Buffer.from(text);
  };
  return { name, isInner: true, mediaType, ...sumOf(text), open };
}

function textDocument(name: string, mediaType: string, text: string): Document {
  return { name, mediaType, text, ...sumOf(text), blobs: [], documents: [] };
}

function sumOf(text: string): Pick<Descriptor, "digest" | "size"> {
  return { digest: `sha256:${sha256(text)}`, size: Buffer.byteLength(text) };
}
