import { BuildError } from "../errors.ts";
import { sortBy } from "../order.ts";
import { listAssets, type Asset } from "../set/assets.ts";
import type { ReleaseSet } from "../set/set.ts";
import type { Host } from "../sys/exec.ts";
import { openRegistry, type Registry } from "../sys/registry.ts";
import { runTask } from "../sys/run-task.ts";
import { sayBytes, sumOfSizes } from "../sys/say-bytes.ts";
import { forEach, together, type Together } from "../sys/several.ts";
import { count } from "../sys/text.ts";
import { makeImage, makeReferrer, type Blob, type Document } from "./oci-content.ts";
import { imagesOf, leftOutOf, type SuiteImage } from "./oci-images.ts";
import { assertTagLength, hasLogin, readImagePlace, type ImagePlace } from "./oci-place.ts";
import { listReferrers, unlisted } from "./oci-referrers.ts";
import { hasBlob, hasDocument, readTag, sendBlob, writeDocument } from "./oci-registry.ts";
import {
  filesWith,
  outcomeOf,
  type Intent,
  type Outcome,
  type Placed,
  type Publisher,
  type PublishOptions,
} from "./publisher.ts";

/**
 * `--to oci=HOST/NAME[:TAG]`: the packages as an image without programs for each suite, for
 * `COPY --from=…`. Its tags are written last; a tag that stands for something else is refused.
 */
export const oci: Publisher = {
  kind: "oci",
  place: "HOST/NAME[:TAG]",
  remote: true,
  assertPlace: readImagePlace,
  preview,
  check,
  publish,
  yank: "delete the tag in the registry, such as skopeo delete docker://HOST/NAME:TAG-SUITE",
};

function preview(set: ReleaseSet, assets: readonly Asset[], where: string): readonly Placed[] {
  const place = readImagePlace(where);
  return imagesOf(set).flatMap((image) => {
    const [tag = ""] = tagsOf(image, place, set);
    const inside = image.platforms.flatMap(({ architecture, packages, manifests }) => [
      ...manifests.map(({ to }) => ({ name: to, to: `${tag}, linux/${architecture}: /${to}` })),
      ...packages.map(({ name, to }) => ({ name, to: `${tag}, linux/${architecture}: /${to}` })),
    ]);
    const attached = referrersOf(image, assets).map(({ name }) => ({ name, to: `${tag}: referrer` }));
    return [...inside, ...attached];
  });
}

async function check(set: ReleaseSet, where: string, { host }: PublishOptions): Promise<Intent> {
  if (host.credentials?.has(where) === true) throw hasLogin();
  return (await prepare(set, readImagePlace(where), host)).intent;
}

async function publish(set: ReleaseSet, where: string, { host, signer }: PublishOptions): Promise<Outcome> {
  if (signer !== undefined) host.task.notice(`gpg does not sign images: oci=${where} is not signed.`);
  const { registry, work, lacks, intent } = await prepare(set, readImagePlace(where), host);
  for (const one of lacks) {
    await send(registry, one, work);
    for (const tag of one.tags) await writeDocument(registry, { ...one.image.index, name: tag }, tag);
  }
  return outcomeOf(intent);
}

/** Looks at what the registry has. Throws "destination" for a tag that is another image. */
async function prepare(set: ReleaseSet, place: ImagePlace, host: Host) {
  const images = await makeImages(set, place, host);
  const work = together(host);
  const registry = await openRegistry(place, work.host);
  const lacks: Lack[] = [];
  for (const image of images) {
    const tags: string[] = [];
    for (const tag of image.tags) if (!(await isThere(registry, place, tag, image.index))) tags.push(tag);
    lacks.push({ image, tags, ...(await findLack(registry, image, lacks, work)) });
  }
  const shown = images.map(({ tags: [tag = ""], index }) => `${place.host}/${place.name}:${tag}@${index.digest}`);
  const intent: Intent = { files: lacks.flatMap(filesOf), leftOut: leftOutOf(set), images: shown };
  return { registry, work, lacks, intent };
}

/** What a registry lacks of an image. */
interface Lack {
  readonly image: Image;
  readonly tags: readonly string[];
  readonly blobs: readonly Blob[];
  readonly documents: readonly Document[];
  /** True when it does not list the referrers. */
  readonly isUnlisted: boolean;
}

/** What becomes of the files and tags of an image. Of its other parts, a person sees only those that were lost. */
function filesOf({ image, tags, blobs, documents, isUnlisted }: Lack): Intent["files"] {
  // What a tag stands for was there once.
  const change = tags.length === image.tags.length ? "new" : "repaired";
  const lacking: readonly Part[] = [...sortBy(blobs, ({ name }) => name), ...documents, ...(isUnlisted ? [listOfReferrers] : [])];
  const all = partsOf(image);
  const outer = [...sortBy([...all.blobs], ({ name }) => name), ...all.documents].filter(isOuter);
  const isLost = lacking.length > 0 && !lacking.some(isOuter);
  return [
    ...outer.map((part): Intent["files"][number] => ({ change: lacking.includes(part) ? change : "same", name: part.name })),
    ...filesWith(
      change,
      (isLost ? lacking : []).map(({ name }) => name),
    ),
    ...image.tags.map((tag): Intent["files"][number] => ({ change: tags.includes(tag) ? "new" : "same", name: tag })),
  ];
}

/** A part of an image; an inner one is nothing that a person looks for. */
type Part = Pick<Blob, "name" | "isInner">;

const listOfReferrers: Part = { name: "the list of referrers", isInner: true };

function isOuter({ isInner }: Part): boolean {
  return isInner !== true;
}

/** The documents of an image, and its blobs, each once. */
function partsOf({ index, referrers }: Image): Pick<Document, "documents" | "blobs"> {
  const documents = [...index.documents, index, ...referrers];
  return { documents, blobs: [...new Map(documents.flatMap((one) => one.blobs).map((blob) => [blob.digest, blob])).values()] };
}

/** Finds what a registry lacks of an image besides what it lacks of those that are sent before. */
async function findLack(
  registry: Registry,
  image: Image,
  before: readonly Lack[],
  work: Together,
): Promise<Pick<Lack, "blobs" | "documents" | "isUnlisted">> {
  const sent = new Set(before.flatMap((one) => [...one.blobs, ...one.documents]).map(({ digest }) => digest));
  const parts = partsOf(image);
  const blobs: Blob[] = [];
  await forEach(
    parts.blobs.filter(({ digest }) => !sent.has(digest)),
    work,
    async (blob) => {
      if (!(await hasBlob(registry, blob))) blobs.push(blob);
    },
  );
  const documents: Document[] = [];
  for (const one of parts.documents) if (!sent.has(one.digest) && !(await hasDocument(registry, one))) documents.push(one);
  return { blobs, documents, isUnlisted: (await unlisted(registry, image.index, image.referrers)) !== undefined };
}

/** An image to publish; the tag of its suite is the first. */
interface Image {
  readonly tags: readonly string[];
  readonly index: Document;
  readonly referrers: readonly Document[];
}

/** Makes the images, which reads every package. Throws "usage" when there is none. */
async function makeImages(set: ReleaseSet, place: ImagePlace, host: Host): Promise<readonly Image[]> {
  const images = imagesOf(set);
  if (images.length === 0)
    throw new BuildError("usage", "There are no Debian packages for an image.", { hint: "kovn-build --target linux" });
  const files = images.flatMap(({ platforms }) => platforms.flatMap(({ packages }) => packages));
  const assets = await listAssets(set);
  return runTask(host, `read ${count(files.length, "package")}`, async ({ task }) => {
    const onBytes = sayBytes(task, sumOfSizes(files));
    const made: Image[] = [];
    for (const image of images) {
      const tags = tagsOf(image, place, set);
      for (const tag of tags) assertTagLength(tag);
      const index = await makeImage(image, set.line, onBytes);
      const referrers = referrersOf(image, assets).map(({ artifactType, ...asset }) => makeReferrer(asset, artifactType, index));
      made.push({ tags, index, referrers });
    }
    return made;
  });
}

/** The tag of the suite, and the plain one where only this image can be meant. */
function tagsOf({ suffix, isOnly }: SuiteImage, { tag }: ImagePlace, { line, id }: ReleaseSet): readonly string[] {
  const plain = tag ?? `${line}-${id}`;
  return [`${plain}-${suffix}`, ...(isOnly ? [plain] : [])];
}

/** The SBOM, and the provenance of each build in an image. */
function referrersOf({ builds }: SuiteImage, assets: readonly Asset[]) {
  const names = new Set(builds.map((build) => `provenance-${build}.intoto.json`));
  return assets.flatMap((asset) => {
    if (!("text" in asset)) return [];
    if (asset.name.startsWith("sbom-")) return [{ ...asset, artifactType: "application/vnd.cyclonedx+json" }];
    return names.has(asset.name) ? [{ ...asset, artifactType: "application/vnd.in-toto+json" }] : [];
  });
}

/** True when a tag stands for this image, false when it does not exist. Throws "destination" for any other. */
async function isThere(registry: Registry, { host, name }: ImagePlace, tag: string, { digest }: Document): Promise<boolean> {
  const standing = await readTag(registry, tag);
  if (standing === undefined || standing.digest === digest) return standing !== undefined;
  throw new BuildError(
    "destination",
    `${host}/${name}:${tag} exists and is a different image: ${standing.digest}, not ${digest}.`,
    {
      hint: "give another TAG: published images never change",
    },
  );
}

/** Sends what a registry lacks of an image, blobs first. */
async function send(registry: Registry, { image, blobs, documents }: Lack, work: Together): Promise<void> {
  if (blobs.length > 0)
    await runTask(work.host, `send ${count(blobs.length, "file")}`, async (host) =>
      forEach(blobs, { ...work, host }, async (blob) =>
        runTask(host, `send ${blob.name}`, async ({ task }) => sendBlob(registry, blob, task)),
      ),
    );
  for (const one of documents) await writeDocument(registry, one, one.digest);
  await listReferrers(registry, image.index, image.referrers);
}
