import { z } from "zod";
import { BuildError } from "../errors.ts";
import type { Asset } from "../set/assets.ts";
import { PassingFault, statusOf, type GitHub, type Request } from "../sys/github.ts";
import { readPieces } from "../sys/files.ts";
import { sendStream, type SendBody } from "../sys/send-stream.ts";

/**
 * The fields of an asset that are used here (https://docs.github.com/en/rest/releases/assets). An
 * interrupted upload leaves the state `starter`.
 */
const remoteAsset = z.object({
  id: z.number(),
  name: z.string(),
  size: z.number(),
  state: z.string(),
  digest: z.string().nullish(),
});

/** An asset as GitHub has it. */
export type RemoteAsset = Readonly<z.infer<typeof remoteAsset>>;

/** A repository on GitHub. */
export interface Place {
  readonly owner: string;
  readonly repo: string;
}

/** Milliseconds that an upload may wait to send a byte, or for the response after the last one. */
const stalled = 120_000;

/** Checks a response. Throws `PassingFault` when it is cut off or does not come from GitHub. */
export function readAnswer<T>(schema: z.ZodType<T>, data: unknown): T {
  const checked = schema.safeParse(data);
  if (checked.success) return checked.data;
  throw new PassingFault("unreadable response");
}

/** Fetches all pages of a list. */
export async function listPages<T>(
  schema: z.ZodType<T>,
  ask: (page: number) => Promise<{ readonly data: unknown; readonly headers: { readonly link?: string | undefined } }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  for (let page = 1; ; page++) {
    const { data, headers } = await ask(page);
    all.push(...readAnswer(z.array(schema), data));
    if (headers.link?.includes('rel="next"') !== true) return all;
  }
}

/** Lists the assets of a release, in any state. */
export async function listRemote(github: GitHub, place: Place, release: number): Promise<readonly RemoteAsset[]> {
  return github.persist("the list of assets", (request) => listOnce(request, place, release));
}

async function listOnce(request: Request, place: Place, release: number): Promise<readonly RemoteAsset[]> {
  return listPages(remoteAsset, (page) =>
    request("GET /repos/{owner}/{repo}/releases/{release_id}/assets", { ...place, release_id: release, per_page: 100, page }),
  );
}

/** True when GitHub has the whole asset: same name, size and digest. */
export function isSame(asset: Asset, remote: RemoteAsset): boolean {
  const { name, size, sha256 } = asset;
  return remote.state === "uploaded" && remote.name === name && remote.size === size && remote.digest === `sha256:${sha256}`;
}

/**
 * How a release differs from the assets that it should have, a sentence each. Assets named in
 * `besides` are allowed.
 */
export function differences(
  expected: readonly Asset[],
  there: readonly RemoteAsset[],
  besides: readonly string[],
): readonly string[] {
  const found: string[] = [];
  for (const asset of expected) {
    const remote = there.find(({ name }) => name === asset.name);
    if (remote === undefined) found.push(`${asset.name} is missing.`);
    else if (!isSame(asset, remote)) found.push(`${asset.name} is ${describe(remote)}, not sha256:${asset.sha256}.`);
  }
  const names = new Set([...besides, ...expected.map(({ name }) => name)]);
  for (const { name } of there) if (!names.delete(name)) found.push(`${name} should not be there.`);
  return found;
}

function describe({ state, size, digest }: RemoteAsset): string {
  return state === "uploaded" ? (digest ?? `${size} bytes without a digest`) : `in state \`${state}\``;
}

/** Deletes an asset of a draft; one that is already gone is not an error. */
export async function deleteRemote(github: GitHub, place: Place, { id, name }: RemoteAsset): Promise<void> {
  await github.persist(`delete ${name}`, (request) => deleteOnce(request, place, id));
}

async function deleteOnce(request: Request, place: Place, id: number): Promise<void> {
  await request("DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}", { ...place, asset_id: id }).catch((error: unknown) => {
    if (statusOf(error) !== 404) throw error;
  });
}

/** The content of a small asset. */
export async function downloadText(github: GitHub, place: Place, { id, name }: RemoteAsset): Promise<string> {
  return github.persist(`read ${name}`, async (request) => {
    const { data } = await request("GET /repos/{owner}/{repo}/releases/assets/{asset_id}", {
      ...place,
      asset_id: id,
      headers: { accept: "application/octet-stream" },
    });
    const content: unknown = data;
    return content instanceof ArrayBuffer ? Buffer.from(content).toString() : String(content);
  });
}

export interface UploadOptions extends Place {
  readonly github: GitHub;
  readonly release: number;
  /** GitHub's URL template for uploads. */
  readonly uploadUrl: string;
  readonly signal: AbortSignal;
  /** Called with the number of bytes as they are sent, also in attempts that fail. */
  readonly onBytes: (count: number) => void;
}

/**
 * Uploads an asset to a draft. Each attempt reads the file again and declares its exact length.
 * Each but the first looks at what the previous one left: a whole asset stays, anything else with
 * that name is deleted. Throws "digest" when GitHub received other bytes.
 */
export async function upload(asset: Asset, options: UploadOptions): Promise<void> {
  const { github, owner, repo, release } = options;
  const place = { owner, repo };
  const got = await github.persist(`upload ${asset.name}`, async (request, count) => {
    if (count > 1) {
      const left = (await listOnce(request, place, release)).find(({ name }) => name === asset.name);
      if (left !== undefined && isSame(asset, left)) return left;
      if (left !== undefined) await deleteOnce(request, place, left.id);
    }
    return uploadOnce(request, asset, options);
  });
  if (!isSame(asset, got))
    throw new BuildError("digest", `${asset.name} arrived at GitHub as ${describe(got)}, not as sha256:${asset.sha256}.`, {
      hint: "run the same command again to upload it again",
    });
}

async function uploadOnce(request: Request, asset: Asset, { uploadUrl, signal, onBytes }: UploadOptions): Promise<RemoteAsset> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`no progress for ${stalled / 1000} s`)), stalled);
  let sent = 0;
  let changed: BuildError | undefined;
  const body: SendBody = async (write) => {
    const send = async (chunk: Uint8Array) => {
      sent += chunk.length;
      if (sent <= asset.size) await write(chunk);
      timer.refresh();
      onBytes(chunk.length);
    };
    await ("path" in asset ? readPieces(asset.path, send) : send(Buffer.from(asset.text)));
    if (sent === asset.size) return;
    changed = new BuildError("digest", `${asset.name} changed during the upload: it no longer has ${asset.size} bytes.`);
    throw changed;
  };
  try {
    const { data } = await request(`POST ${uploadUrl}`, {
      name: asset.name,
      headers: { "content-type": "application/octet-stream", "content-length": asset.size },
      data: body,
      request: { fetch: sendStream, signal: AbortSignal.any([signal, controller.signal]) },
    });
    return readAnswer(remoteAsset, data);
  } catch (error) {
    if (changed !== undefined) throw changed;
    if (statusOf(error) === 422 && String(error).includes("already_exists"))
      throw new PassingFault("an asset with that name already exists", { cause: error });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
