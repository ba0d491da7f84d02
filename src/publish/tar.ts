import { rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import { sbomAsset, type Asset } from "../set/assets.ts";
import { bundleDigest, writeBundle } from "../set/bundle.ts";
import type { ReleaseSet } from "../set/set.ts";
import type { Host } from "../sys/exec.ts";
import { isMountPoint } from "../sys/disk.ts";
import { exists, sha256File } from "../sys/files.ts";
import { detachSign, isSignedBy } from "../sys/gpg.ts";
import { runTask } from "../sys/run-task.ts";
import { sayBytes } from "../sys/say-bytes.ts";
import { removeStale, stagingOf } from "../sys/staging.ts";
import { makeFolders, renameSynced, syncFile } from "../sys/sync.ts";
import {
  assertSpace,
  assertWritable,
  filesWith,
  type Intent,
  type Outcome,
  outcomeOf,
  type Placed,
  type Publisher,
  type PublishOptions,
  withPlace,
} from "./publisher.ts";

/** Bytes to reserve for the headers of each file. */
const headerSpace = 4096;

/**
 * `--to tar=FILE`: a bundle, one archive for sites without a network, which `publish FILE --to …`
 * reads. With a key, `FILE.asc` is its signature.
 */
export const tar: Publisher = { kind: "tar", place: "FILE", preview, check, publish, yank: "remove the file" };

function preview(set: ReleaseSet, _assets: readonly Asset[], place: string): readonly Placed[] {
  const inside = (path: string) => ({ name: basename(path), to: `${basename(place)}: ${path}` });
  const folders = set.dists.flatMap(({ name, manifest }) =>
    ["artifacts.json", ...manifest.artifacts.map((artifact) => artifact.file)].map((file) => inside(`${name}/${file}`)),
  );
  return [...folders, inside(sbomAsset(set).name)];
}

async function check(set: ReleaseSet, place: string, options: PublishOptions): Promise<Intent> {
  const { signer, host } = options;
  const intent = await withPlace(place, host, async () => prepare(set, place, options));
  const isWritten = intent.files[0]?.change === "same";
  if (isWritten && signer === undefined) return intent;
  await assertWritable(isWritten ? dirname(place) : place);
  if (signer !== undefined && (await isMountPoint(`${place}.asc`)))
    throw new BuildError("destination", `${place}.asc cannot be written: a file system is mounted there.`, {
      hint: `mount ${dirname(place)} instead`,
    });
  const artifacts = isWritten ? [] : set.dists.flatMap((dist) => dist.manifest.artifacts);
  await assertSpace(
    place,
    artifacts.reduce((sum, artifact) => sum + artifact.size + headerSpace, 100 * headerSpace),
  );
  return intent;
}

/** Says what becomes of the bundle and, if somebody signs, of its signature. */
async function prepare(set: ReleaseSet, place: string, { signer, host }: PublishOptions): Promise<Intent> {
  const isWritten = await isThere(set, place, host);
  const bundle = filesWith(isWritten ? "same" : "new", [basename(place)]);
  if (signer === undefined) return { files: bundle, leftOut: [] };
  const signature = `${place}.asc`;
  const isSigned = await exists(signature);
  const isGood = isWritten && isSigned && (await isSignedBy(signer, [place, signature], { host }));
  return {
    files: [...bundle, ...filesWith(isGood ? "same" : isSigned ? "replaced" : "new", [basename(signature)])],
    leftOut: [],
  };
}

async function publish(set: ReleaseSet, place: string, options: PublishOptions): Promise<Outcome> {
  const { signer, host } = options;
  await makeFolders(dirname(place));
  return withPlace(place, host, async () => {
    await removeStale(place);
    const [staging, signature] = [stagingOf(place), `${place}.asc`];
    const intent = await prepare(set, place, options);
    const [bundle, signed] = intent.files;
    try {
      if (bundle?.change !== "same") {
        await runTask(host, `write ${place}`, async (below) => writeBundle(set, staging, below));
        await renameSynced(staging, place);
      }
      if (signer !== undefined && signed?.change !== "same") {
        await detachSign(place, staging, signer, { host });
        await syncFile(staging);
        await renameSynced(staging, signature);
      }
      return outcomeOf(intent);
    } finally {
      await rm(staging, { force: true });
    }
  });
}

/**
 * True when the file is the bundle of the set, false when it does not exist. Throws "destination"
 * when it is anything else.
 */
async function isThere(set: ReleaseSet, place: string, host: Host): Promise<boolean> {
  const found = await stat(place).catch(() => undefined);
  if (found?.isFile() === false || place.endsWith("/"))
    throw new BuildError("destination", `${place} is not a file.`, { hint: `--to tar=${join(place, "NAME.tar")}` });
  if (found === undefined) return false;
  const digest = await runTask(host, `compare ${place} with the artifacts`, async (below) => bundleDigest(set, below));
  const own = await runTask(host, `check ${place}`, async ({ task }) => sha256File(place, sayBytes(task, found.size)));
  if (own === digest) return true;
  throw new BuildError("destination", `${place} exists and is a different bundle, or a damaged one.`, {
    hint: "name a new file (published files never change), or remove this one",
  });
}
