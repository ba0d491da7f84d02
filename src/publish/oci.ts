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
import { listReferrers } from "./oci-referrers.ts";
import { hasBlob, hasDocument, readTag, sendBlob, writeDocument } from "./oci-registry.ts";
import type { Outcome, Placed, Publisher, PublishOptions } from "./publisher.ts";

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

async function check(set: ReleaseSet, where: string, { host }: PublishOptions): Promise<void> {
  const place = readImagePlace(where);
  if (host.credentials?.has(where) === true) throw hasLogin();
  const images = await makeImages(set, place, host);
  const registry = await openRegistry(place, host);
  for (const image of images) for (const tag of image.tags) await isThere(registry, place, tag, image.index);
}

async function publish(set: ReleaseSet, where: string, { host, signer }: PublishOptions): Promise<Outcome> {
  const place = readImagePlace(where);
  if (signer !== undefined) host.task.notice(`gpg does not sign images: oci=${where} is not signed.`);
  const images = await makeImages(set, place, host);
  const work = together(host);
  const registry = await openRegistry(place, work.host);
  const [added, repaired]: [string[], string[]] = [[], []];
  for (const image of images) {
    const missing: string[] = [];
    for (const tag of image.tags) if (!(await isThere(registry, place, tag, image.index))) missing.push(tag);
    const sent = await send(registry, image, work);
    for (const tag of missing) await writeDocument(registry, { ...image.index, name: tag }, tag);
    // What a tag stands for was there once.
    (missing.length === image.tags.length ? added : repaired).push(...sent);
    added.push(...missing);
  }
  const shown = images.map(({ tags: [tag = ""], index }) => `${place.host}/${place.name}:${tag}@${index.digest}`);
  return { added, removed: [], repaired, leftOut: leftOutOf(set), images: shown };
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

/** Sends what an image lacks, blobs first. Returns the names of what was sent. */
async function send(registry: Registry, { index, referrers }: Image, work: Together): Promise<readonly string[]> {
  const documents = [...index.documents, index, ...referrers];
  const blobs = new Map(documents.flatMap((one) => one.blobs).map((blob) => [blob.digest, blob]));
  const lacking: Blob[] = [];
  await forEach([...blobs.values()], work, async (blob) => {
    if (!(await hasBlob(registry, blob))) lacking.push(blob);
  });
  const total = `send ${count(lacking.length, "file")}`;
  if (lacking.length > 0)
    await runTask(work.host, total, async (host) =>
      forEach(lacking, { ...work, host }, async (blob) =>
        runTask(host, `send ${blob.name}`, async ({ task }) => sendBlob(registry, blob, task)),
      ),
    );
  const sent: { readonly name: string; readonly isInner?: true }[] = sortBy(lacking, ({ name }) => name);
  for (const one of documents) {
    if (await hasDocument(registry, one)) continue;
    await writeDocument(registry, one, one.digest);
    sent.push(one);
  }
  if (await listReferrers(registry, index, referrers)) sent.push({ name: "the list of referrers", isInner: true });
  const outer = sent.filter(({ isInner }) => isInner !== true);
  return (outer.length > 0 ? outer : sent).map(({ name }) => name);
}
