import { z } from "zod";
import { BuildError } from "../errors.ts";
import type { Registry } from "../sys/registry.ts";
import { describe, indexType, type Descriptor, type Document } from "./oci-content.ts";
import { readTag, writeDocument } from "./oci-registry.ts";

const indexSchema = z.object({ manifests: z.array(z.looseObject({ digest: z.string() })) });

/**
 * Lists referrers of an image in a registry that does not do it itself: in an index with a tag that
 * is made of the image's digest ("Referrers Tag Schema" of the distribution specification).
 */
export async function listReferrers(registry: Registry, subject: Descriptor, referrers: readonly Document[]): Promise<void> {
  const text = await unlisted(registry, subject, referrers);
  if (text === undefined) return;
  await writeDocument(registry, { name: "the list of referrers", mediaType: indexType, text }, tagOf(subject));
}

/** The index that is to list the referrers; undefined if the registry lists them itself, or has that index. */
export async function unlisted(
  registry: Registry,
  subject: Descriptor,
  referrers: readonly Document[],
): Promise<string | undefined> {
  if (await hasReferrers(registry, subject)) return undefined;
  const tag = tagOf(subject);
  const standing = await readTag(registry, tag);
  const listed = standing === undefined ? [] : (readIndex(standing.text)?.manifests ?? undefined);
  if (listed === undefined)
    throw new BuildError("destination", `The tag ${tag} is not a list of referrers.`, {
      hint: "delete this tag in the registry",
    });
  const missing = referrers.filter(({ digest }) => !listed.some((one) => one.digest === digest));
  if (missing.length === 0) return undefined;
  const added = missing.map(({ artifactType, annotations, ...one }) => ({ ...describe(one), artifactType, annotations }));
  return JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [...listed, ...added] });
}

function tagOf({ digest }: Descriptor): string {
  return digest.replace(":", "-");
}

/** True when a registry lists referrers itself. What does not know the question answers in several ways. */
async function hasReferrers(registry: Registry, { digest }: Descriptor): Promise<boolean> {
  const request = { what: "look for referrers", method: "GET", to: `referrers/${digest}` } as const;
  const { status, text } = await registry({ ...request, accepts: [200, 302, 303, 307, 308, 400, 404, 405, 501] });
  return status === 200 && readIndex(text) !== undefined;
}

function readIndex(text: string): z.infer<typeof indexSchema> | undefined {
  try {
    return indexSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
