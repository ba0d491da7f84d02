import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import { listAssets, sumsName, type Asset } from "../set/assets.ts";
import type { ReleaseSet } from "../set/set.ts";
import { sha256File, type OnBytes } from "../sys/files.ts";
import { detachSign, isSignedBy } from "../sys/gpg.ts";
import { errorCode } from "../sys/processes.ts";
import { runTask } from "../sys/run-task.ts";
import { sayBytes, sumOfSizes } from "../sys/say-bytes.ts";
import { removeStale, stagingOf } from "../sys/staging.ts";
import { count } from "../sys/text.ts";
import { copyChecked, assertSpace, type Outcome, type Placed, type Publisher, type PublishOptions } from "./publisher.ts";

const signatureName = `${sumsName}.asc`;

/**
 * `--to dir=DIR`: the files of the set side by side, with their digests, in a folder that is
 * created atomically and never changes again.
 */
export const dir: Publisher = { kind: "dir", place: "DIR", preview, check, publish };

function preview(_set: ReleaseSet, assets: readonly Asset[]): readonly Placed[] {
  return assets.map(({ name }) => ({ name, to: name }));
}

async function check(set: ReleaseSet, place: string): Promise<void> {
  const assets = await listAssets(set);
  if (await isThere(assets, place)) return;
  await assertSpace(place, sumOfSizes(assets));
}

async function publish(set: ReleaseSet, place: string, { signer, host }: PublishOptions): Promise<Outcome> {
  const assets = await listAssets(set);
  await removeStale(place);
  const staging = stagingOf(place);
  const sign = async (folder: string, out: string) => {
    if (signer !== undefined) await detachSign(join(folder, sumsName), out, signer, { host });
  };
  try {
    if (await isThere(assets, place)) {
      const signature = join(place, signatureName);
      if (signer === undefined || (await isSignedBy(signer, [join(place, sumsName), signature], { host })))
        return { added: [], removed: [], leftOut: set.leftOut };
      await sign(place, staging);
      await rename(staging, signature);
      return { added: [signatureName], removed: [], leftOut: set.leftOut };
    }
    await mkdir(staging, { recursive: true });
    await runTask(host, `copy ${count(assets.length, "file")} to ${place}`, async ({ task }) => {
      const onBytes = sayBytes(task, sumOfSizes(assets));
      for (const asset of assets) await writeAsset(asset, join(staging, asset.name), onBytes);
    });
    await sign(staging, join(staging, signatureName));
    await rename(staging, place);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  const names = assets.map((asset) => asset.name);
  return { added: signer === undefined ? names : [...names, signatureName], removed: [], leftOut: set.leftOut };
}

/**
 * Returns true when the folder holds exactly these assets, false when it is absent or empty. Throws
 * "destination" when it holds anything else.
 */
async function isThere(assets: readonly Asset[], place: string): Promise<boolean> {
  const names = await readdir(place).catch((cause: unknown): string[] => {
    if (errorCode(cause) === "ENOENT") return [];
    throw new BuildError("destination", `${place} is not a readable folder.`, { cause });
  });
  if (names.length === 0) return false;
  const expected = new Map(assets.map((asset) => [asset.name, asset.sha256]));
  const others = names.filter((name) => !expected.has(name) && name !== signatureName);
  for (const [name, digest] of expected) if ((await digestOf(join(place, name))) !== digest) others.push(name);
  if (others.length === 0) return true;
  throw new BuildError("destination", `Folder ${place} holds something else: ${others.slice(0, 5).join(", ")}.`, {
    hint: "name a new folder: published files never change",
  });
}

async function digestOf(path: string): Promise<string | undefined> {
  return sha256File(path).catch(() => undefined);
}

async function writeAsset(asset: Asset, to: string, onBytes: OnBytes): Promise<void> {
  if ("path" in asset) return copyChecked(asset.path, to, asset.sha256, onBytes);
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, asset.text, { flush: true });
}
