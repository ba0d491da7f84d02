import { mkdir, readdir, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import { listOf } from "../list.ts";
import { listAssets, sumsName, type Asset } from "../set/assets.ts";
import type { ReleaseSet } from "../set/set.ts";
import { truePath } from "../sys/disk.ts";
import type { Host } from "../sys/exec.ts";
import { removeFolder, sha256File, type OnBytes } from "../sys/files.ts";
import { detachSign, isSignedBy } from "../sys/gpg.ts";
import { errorCode } from "../sys/processes.ts";
import { runTask } from "../sys/run-task.ts";
import { sayBytes, sumOfSizes } from "../sys/say-bytes.ts";
import { lockName } from "../sys/with-lock.ts";
import { isStagingOf, removeStale, stageFolder } from "../sys/staging.ts";
import { renameSynced, syncFile, syncFolder, syncTree } from "../sys/sync.ts";
import { count } from "../sys/text.ts";
import { dirYank } from "./dir-yank.ts";
import {
  assertSpace,
  assertWritable,
  copyChecked,
  type Outcome,
  type Placed,
  type Publisher,
  type PublishOptions,
  withPlace,
} from "./publisher.ts";

const signatureName = `${sumsName}.asc`;

/**
 * `--to dir=DIR`: the files of the set side by side, with their digests. A new folder is created
 * atomically. A folder that exists is filled, SHA256SUMS last, since it may be a mount point. Files
 * of the same set that are missing or altered are repaired; other files are never changed.
 */
export const dir: Publisher = { kind: "dir", place: "DIR", preview, check, publish, yank: dirYank };

function preview(_set: ReleaseSet, assets: readonly Asset[]): readonly Placed[] {
  return assets.map(({ name }) => ({ name, to: name }));
}

async function check(set: ReleaseSet, place: string, options: PublishOptions): Promise<void> {
  const assets = await listAssets(set);
  const found = await withPlace(place, options.host, () => survey(assets, place, options.host));
  const lacking = found === undefined ? assets : [...found.missing, ...found.altered];
  if (lacking.length === 0 && (await isSigned(place, options))) return;
  await assertWritable(place);
  await assertSpace(place, sumOfSizes(lacking));
}

async function publish(set: ReleaseSet, place: string, options: PublishOptions): Promise<Outcome> {
  const assets = await listAssets(set);
  return withPlace(place, options.host, async () => {
    const folder = truePath(place);
    await removeStale(folder);
    const found = await survey(assets, place, options.host);
    const change = found === undefined ? await create(assets, folder, options) : await complete(found, folder, options);
    return { removed: [], leftOut: set.leftOut, ...change };
  });
}

async function create(assets: readonly Asset[], folder: string, options: PublishOptions): Promise<Pick<Outcome, "added">> {
  const staging = await stageFolder(folder);
  try {
    await writeAssets(assets, staging, folder, options);
    const signed = await sign(staging, join(staging, signatureName), options);
    await syncTree(staging);
    await renameSynced(staging, folder);
    return { added: [...assets.map((asset) => asset.name), ...signed] };
  } finally {
    await removeFolder(staging);
  }
}

async function complete(
  { missing, altered, isWhole }: Survey,
  folder: string,
  options: PublishOptions,
): Promise<Pick<Outcome, "added" | "repaired">> {
  await removeStale(join(folder, stagingName));
  const staging = await stageFolder(join(folder, stagingName));
  try {
    const lacking = [...missing, ...altered];
    await writeAssets(lacking, staging, folder, options);
    const [sums, others] = [lacking.filter(isSums), lacking.filter((asset) => !isSums(asset))];
    for (const { name } of others) await rename(join(staging, name), join(folder, name));
    // The digests say that the others are there.
    await syncFolder(folder);
    for (const { name } of sums) await renameSynced(join(staging, name), join(folder, name));
    const signed = (await isSigned(folder, options)) ? [] : await sign(folder, join(staging, signatureName), options);
    for (const name of signed) await renameSynced(join(staging, name), join(folder, name));
    const names = (list: readonly Asset[]) => list.map(({ name }) => name);
    const repaired = names(isWhole ? [...missing, ...altered] : altered);
    return { added: [...(isWhole ? [] : names(missing)), ...signed], repaired };
  } finally {
    await removeFolder(staging);
  }
}

function isSums({ name }: Asset): boolean {
  return name === sumsName;
}

/** Name of files that are not complete yet, in a folder that is being filled. */
const stagingName = "kovn";

/** How a folder differs from the assets that it should hold. */
interface Survey {
  readonly missing: readonly Asset[];
  /** Files with other bytes. */
  readonly altered: readonly Asset[];
  /** True when all of the assets were there once: SHA256SUMS is written last. */
  readonly isWhole: boolean;
}

/**
 * Compares a folder with the assets; undefined when it does not exist. Throws "destination" when it
 * holds anything else.
 */
async function survey(assets: readonly Asset[], folder: string, host: Host): Promise<Survey | undefined> {
  const names = await readdir(folder).catch((cause: unknown) => {
    if (errorCode(cause) === "ENOENT") return undefined;
    throw new BuildError("destination", `${folder} is not a readable folder.`, { cause });
  });
  if (names === undefined) return undefined;
  const refuse = (problems: readonly string[], what: string) =>
    new BuildError("destination", `Folder ${folder} ${what}: ${listOf(problems)}.`, {
      hint: "name a new folder: published files never change",
    });
  const expected = new Set([...assets.map((asset) => asset.name), signatureName]);
  const others = names.filter((name) => !expected.has(name) && name !== lockName && !isStagingOf(stagingName, name));
  if (others.length > 0) throw refuse(others, "holds something else");
  const states = new Map<Asset, "missing" | "altered">();
  await runTask(host, `read ${count(assets.length, "file")}`, async ({ task }) => {
    const onBytes = sayBytes(task, sumOfSizes(assets));
    for (const asset of assets) {
      const path = join(folder, asset.name);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() === false) throw refuse([asset.name], "has something that is not a file");
      if (found === undefined) states.set(asset, "missing");
      else if (found.size !== asset.size || (await sha256File(path, onBytes)) !== asset.sha256) states.set(asset, "altered");
    }
  });
  const all = (state: string) => [...states].filter(([, one]) => one === state).map(([asset]) => asset);
  const isWhole = ![...states.keys()].some(isSums);
  // Without the digests, nothing says that the other files were of this set.
  if (!isWhole && all("altered").some((asset) => !isSums(asset)))
    throw refuse(
      [...states].toReversed().map(([asset, state]) => `${asset.name} is ${state}`),
      "is damaged, or holds another set",
    );
  return { missing: all("missing"), altered: all("altered"), isWhole };
}

async function isSigned(folder: string, { signer, host }: PublishOptions): Promise<boolean> {
  return signer === undefined || isSignedBy(signer, [join(folder, sumsName), join(folder, signatureName)], { host });
}

/** Signs the digests of a folder, if somebody signs. Returns the name of the signature. */
async function sign(folder: string, to: string, { signer, host }: PublishOptions): Promise<readonly string[]> {
  if (signer === undefined) return [];
  await detachSign(join(folder, sumsName), to, signer, { host });
  await syncFile(to);
  return [signatureName];
}

async function writeAssets(assets: readonly Asset[], staging: string, folder: string, { host }: PublishOptions): Promise<void> {
  await runTask(host, `copy ${count(assets.length, "file")} to ${folder}`, async ({ task }) => {
    const onBytes = sayBytes(task, sumOfSizes(assets));
    for (const asset of assets) await writeAsset(asset, join(staging, asset.name), onBytes);
  });
}

async function writeAsset(asset: Asset, to: string, onBytes: OnBytes): Promise<void> {
  if ("path" in asset) return copyChecked(asset.path, to, asset.sha256, onBytes);
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, asset.text, { flag: "wx", flush: true });
}
