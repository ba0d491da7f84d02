import { mkdir, readdir, rename, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import { listOf } from "../list.ts";
import { listAssets, sumsName, type Asset } from "../set/assets.ts";
import type { ReleaseSet } from "../set/set.ts";
import { truePath } from "../sys/disk.ts";
import type { Host } from "../sys/exec.ts";
import { exists, removeFolder, sha256File, type OnBytes } from "../sys/files.ts";
import { detachSign, isSignedBy, type Signer } from "../sys/gpg.ts";
import { errorCode } from "../sys/processes.ts";
import { runTask } from "../sys/run-task.ts";
import { sayBytes, sumOfSizes } from "../sys/say-bytes.ts";
import { lockName } from "../sys/with-lock.ts";
import { isStagingOf, removeStale, stageFolder } from "../sys/staging.ts";
import { renameSynced, syncFile, syncFolder, syncTree } from "../sys/sync.ts";
import { count } from "../sys/text.ts";
import { withTempDir } from "../sys/with-temp-dir.ts";
import { dirYank } from "./dir-yank.ts";
import {
  assertSpace,
  assertWritable,
  type Change,
  copyChecked,
  filesWith,
  type Intent,
  type Outcome,
  outcomeOf,
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

async function check(set: ReleaseSet, place: string, options: PublishOptions): Promise<Intent> {
  const work = await withPlace(place, options.host, () => prepare(set, place, options));
  const { assets, found, signature } = work;
  const lacking = found === undefined ? assets : [...found.missing, ...found.altered];
  if (lacking.length > 0 || signature.some(({ change }) => change !== "same")) {
    await assertWritable(place);
    await assertSpace(place, sumOfSizes(lacking));
  }
  return intentOf(work, set);
}

async function publish(set: ReleaseSet, place: string, options: PublishOptions): Promise<Outcome> {
  return withPlace(place, options.host, async () => {
    const folder = truePath(place);
    await removeStale(folder);
    const work = await prepare(set, place, options);
    if (work.found === undefined) await create(work.assets, folder, options);
    else await complete(work.found, work.signature, folder, options);
    return outcomeOf(intentOf(work, set));
  });
}

/** What a folder must hold, and what it holds. */
interface Work {
  readonly assets: readonly Asset[];
  readonly found: Survey | undefined;
  /** The signature of the digests; none if nobody signs. */
  readonly signature: Intent["files"];
}

async function prepare(set: ReleaseSet, place: string, options: PublishOptions): Promise<Work> {
  const assets = await listAssets(set);
  const found = await survey(assets, place, options.host);
  if (options.signer === undefined) return { assets, found, signature: [] };
  const there = join(place, signatureName);
  const isThere = await exists(there);
  const isKept = isThere && (await isSigned(assets, there, options.signer, options.host));
  return { assets, found, signature: filesWith(isKept ? "same" : isThere ? "replaced" : "new", [signatureName]) };
}

function intentOf({ assets, found, signature }: Work, { leftOut }: ReleaseSet): Intent {
  const changeOf = (asset: Asset): Change => {
    if (found === undefined) return "new";
    if (found.altered.includes(asset)) return "repaired";
    if (!found.missing.includes(asset)) return "same";
    return found.isWhole ? "repaired" : "new";
  };
  return { files: [...assets.map((asset) => ({ change: changeOf(asset), name: asset.name })), ...signature], leftOut };
}

async function create(assets: readonly Asset[], folder: string, options: PublishOptions): Promise<void> {
  const staging = await stageFolder(folder);
  try {
    await writeAssets(assets, staging, folder, options);
    await sign(staging, join(staging, signatureName), options);
    await syncTree(staging);
    await renameSynced(staging, folder);
  } finally {
    await removeFolder(staging);
  }
}

async function complete(
  { missing, altered }: Survey,
  signature: Intent["files"],
  folder: string,
  options: PublishOptions,
): Promise<void> {
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
    for (const { change, name } of signature) {
      if (change === "same") continue;
      await sign(folder, join(staging, name), options);
      await renameSynced(join(staging, name), join(folder, name));
    }
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

/** True when a signature is good for the digests of the assets; those of the folder may be altered. */
async function isSigned(assets: readonly Asset[], signature: string, signer: Signer, host: Host): Promise<boolean> {
  return withTempDir(join(tmpdir(), "kovn-signed-"), async (scratch) => {
    const sums = join(scratch, sumsName);
    for (const asset of assets.filter(isSums)) await writeAsset(asset, sums, () => undefined);
    return isSignedBy(signer, [sums, signature], { host });
  });
}

/** Signs the digests of a folder, if somebody signs. */
async function sign(folder: string, to: string, { signer, host }: PublishOptions): Promise<void> {
  if (signer === undefined) return;
  await detachSign(join(folder, sumsName), to, signer, { host });
  await syncFile(to);
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
