import type { z } from "zod";
import { BuildError } from "../errors.ts";
import type { Asset } from "../set/assets.ts";
import type { Body } from "../sys/fetch.ts";
import { readPieces } from "../sys/read-file.ts";
import { ignoreMissing, type GitHub, type Persistence } from "../sys/github.ts";
import { sayBytes } from "../sys/say-bytes.ts";
import type { Task } from "../sys/task.ts";
import { assetSchema, readAnswer, readPages, type PageNumber } from "./github-answers.ts";

/** An asset as GitHub has it. */
export type RemoteAsset = Readonly<z.infer<typeof assetSchema>>;

/** A repository on GitHub. */
export interface Place {
  readonly owner: string;
  readonly repo: string;
}

/** Lists the assets of a release, in any state. */
export async function listRemote({ rest }: GitHub, place: Place, release: number): Promise<readonly RemoteAsset[]> {
  const read = async (page: PageNumber) => rest.repos.listReleaseAssets({ ...place, release_id: release, ...page });
  return readPages(read, assetSchema, { what: "list the assets" });
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
export async function deleteRemote({ rest }: GitHub, place: Place, { id, name }: RemoteAsset): Promise<void> {
  const request: Persistence = { what: `delete ${name}` };
  await rest.repos.deleteReleaseAsset({ ...place, asset_id: id, request }).catch(ignoreMissing);
}

/** The content of a small asset. */
export async function downloadText({ rest }: GitHub, place: Place, { id, name }: RemoteAsset): Promise<string> {
  const headers = { accept: "application/octet-stream" };
  const request: Persistence = { what: `read ${name}` };
  const { data } = await rest.repos.getReleaseAsset({ ...place, asset_id: id, headers, request });
  return Buffer.from(data as unknown as ArrayBuffer).toString();
}

export interface UploadOptions {
  readonly github: GitHub;
  readonly place: Place;
  /** GitHub's id of the draft, and its URL template for uploads. */
  readonly draft: { readonly id: number; readonly upload_url: string };
  /** Says how many bytes are sent. */
  readonly task: Task;
}

/**
 * Uploads an asset to a draft. Each attempt reads the file again and declares its exact length.
 * Each but the first looks at what the previous one left: a whole asset stays, anything else with
 * that name is deleted. Throws "digest" when GitHub received other bytes.
 */
export async function upload(asset: Asset, { github, place, draft, task }: UploadOptions): Promise<void> {
  const { name, size, sha256 } = asset;
  const observe = async () => {
    const left = (await listRemote(github, place, draft.id)).find((remote) => remote.name === name);
    if (left === undefined || isSame(asset, left)) return left;
    await deleteRemote(github, place, left);
    return undefined;
  };
  const request: Persistence = { what: `upload ${name}`, observe };
  const body: Body = () => readAsset(asset, task);
  const { data } = await github.rest.repos.uploadReleaseAsset({
    ...{ ...place, release_id: draft.id, url: draft.upload_url, name, request },
    headers: { "content-type": "application/octet-stream", "content-length": size },
    // octokit's type knows texts only.
    data: body as unknown as string,
  });
  const got = readAnswer(assetSchema, data, request.what);
  if (!isSame(asset, got))
    throw new BuildError("digest", `${name} arrived at GitHub as ${describe(got)}, not as sha256:${sha256}.`, {
      hint: "run the same command again to upload it again",
    });
}

async function* readAsset(asset: Asset, task: Task): AsyncGenerator<Uint8Array> {
  const { name, size } = asset;
  const onBytes = sayBytes(task, size);
  let sent = 0;
  for await (const piece of "path" in asset ? readPieces(asset.path) : [Buffer.from(asset.text)]) {
    sent += piece.length;
    if (sent > size) break;
    yield piece;
    onBytes(piece.length);
  }
  if (sent !== size) throw new BuildError("digest", `${name} changed during the upload: it no longer has ${size} bytes.`);
}
