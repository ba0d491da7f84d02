import { BuildError } from "../errors.ts";
import type { Body } from "../sys/fetch.ts";
import { sha256 } from "../sys/files.ts";
import type { Answer, Registry } from "../sys/registry.ts";
import { sayBytes } from "../sys/say-bytes.ts";
import type { Task } from "../sys/task.ts";
import { indexType, manifestType, type Blob, type Document } from "./oci-content.ts";

/** What a tag may stand for. */
const accept = [
  indexType,
  manifestType,
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** True when the registry has a blob. One that stores its blobs elsewhere says where. */
export async function hasBlob(registry: Registry, { name, digest }: Pick<Blob, "name" | "digest">): Promise<boolean> {
  const what = `look for ${name}`;
  const { status } = await registry({ what, method: "HEAD", to: `blobs/${digest}`, accepts: [200, 302, 307, 404] });
  return status !== 404;
}

/**
 * Sends a blob. Each attempt begins again, unless the one before it arrived. Throws "destination"
 * when the registry received other bytes.
 */
export async function sendBlob(registry: Registry, blob: Blob, task: Task): Promise<void> {
  const { name, digest, size, open } = blob;
  const what = `send ${name}`;
  const observe = async (): Promise<Answer | undefined> =>
    (await hasBlob(registry, blob)) ? { status: 201, headers: {}, text: "" } : undefined;
  // One that was cut off cannot take the whole content again.
  const start = async () => {
    const { headers } = await registry({ what, method: "POST", to: "blobs/uploads/", accepts: [202] }, task);
    const place = headers["location"];
    if (place === undefined) throw new BuildError("destination", `The registry does not say where to ${what}.`);
    return withDigest(place, digest);
  };
  const body: Body = async function* () {
    const say = sayBytes(task, size);
    for await (const piece of open()) {
      yield piece;
      say(piece.length);
    }
  };
  const headers = { "content-type": "application/octet-stream", "content-length": String(size) };
  await registry({ what, method: "PUT", to: start, headers, body, observe, accepts: [201] }, task);
}

/** Where the whole content of an upload goes; `place` may have a query of its own. */
function withDigest(place: string, digest: string): string {
  return `${place}${place.includes("?") ? "&" : "?"}digest=${encodeURIComponent(digest)}`;
}

/** True when the registry has a document. */
export async function hasDocument(registry: Registry, { name, digest }: Pick<Document, "name" | "digest">): Promise<boolean> {
  const request = { what: `look for ${name}`, method: "HEAD", to: `manifests/${digest}`, headers: { accept } } as const;
  return (await registry({ ...request, accepts: [200, 404] })).status === 200;
}

/** The document that a tag stands for; undefined when there is none. */
export async function readTag(
  registry: Registry,
  tag: string,
): Promise<{ readonly digest: string; readonly text: string } | undefined> {
  const request = { what: `look for ${tag}`, method: "GET", to: `manifests/${tag}`, headers: { accept } } as const;
  const { status, text } = await registry({ ...request, accepts: [200, 404] });
  return status === 404 ? undefined : { digest: `sha256:${sha256(text)}`, text };
}

/** Writes a document under a tag or its digest. */
export async function writeDocument(
  registry: Registry,
  { name, mediaType, text }: Pick<Document, "name" | "mediaType" | "text">,
  reference: string,
): Promise<void> {
  const request = { what: `write ${name}`, method: "PUT", to: `manifests/${reference}`, body: text } as const;
  await registry({ ...request, headers: { "content-type": mediaType }, accepts: [200, 201, 202] });
}
