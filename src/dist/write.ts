import { dirname, join, resolve } from "node:path";
import { BuildError } from "../errors.ts";
import { findInTheWay, isMountPoint, truePath, whyUnwritable } from "../sys/disk.ts";
import type { Host } from "../sys/exec.ts";
import { listFiles, removeFolder, sha256File } from "../sys/files.ts";
import { findPlanted } from "../sys/planted.ts";
import { errorCode } from "../sys/processes.ts";
import { readText } from "../sys/read-file.ts";
import { recoverFolder, replaceFolder } from "../sys/replace-folder.ts";
import { stageFolder } from "../sys/staging.ts";
import { makeFolders } from "../sys/sync.ts";
import { lockBeside, withLock } from "../sys/with-lock.ts";
import { writeTemporary } from "../sys/write-whole.ts";
import { distName, type DistOf } from "../plan/dist-name.ts";
import { assertOurs } from "./ours.ts";
import { checksums, placeFile } from "./artifact.ts";
import { showManifest, type Manifest } from "./manifest.ts";
import { verifiedName } from "./verified.ts";

/**
 * Replaces `<out>/<target>[-<variant>]` by these artifacts, `artifacts.json` and SHA256SUMS. Everything is
 * staged beside it and then renamed, so that the folder is always complete: the old one or the new
 * one, and the old one when the run is stopped. `filesOf` returns the folder of a job's files.
 */
export async function writeDist(out: string, manifest: Manifest, filesOf: (job: string) => string, host: Host): Promise<string> {
  const folder = folderOf(out, manifest);
  // There is no lock in a folder that does not exist.
  await makeFolders(dirname(folder));
  await withLock(lockBeside(folder), { host, other: `is writing ${folder}` }, async () => {
    await recoverFolder(folder);
    await assertOurs(folder);
    const next = await stageFolder(folder);
    try {
      for (const artifact of manifest.artifacts)
        await placeFile(join(filesOf(artifact.job), artifact.file), join(next, artifact.file));
      await writeTemporary(join(next, "SHA256SUMS"), checksums(manifest.artifacts));
      await writeTemporary(join(next, "artifacts.json"), showManifest(manifest));
      host.signal.throwIfAborted();
      await replaceFolder(next, folder);
    } finally {
      await removeFolder(next);
    }
  });
  return join(out, distName(manifest));
}

/** True when `<out>/<target>[-<variant>]` already holds exactly what `writeDist` would write. */
export async function holdsDist(out: string, manifest: Manifest): Promise<boolean> {
  const folder = join(out, distName(manifest));
  const texts = { "artifacts.json": showManifest(manifest), SHA256SUMS: checksums(manifest.artifacts) };
  const expected = [...Object.keys(texts), ...manifest.artifacts.map((artifact) => artifact.file)].toSorted();
  try {
    // The record of these files stays.
    const files = (await listFiles(folder)).filter((file) => file !== verifiedName);
    if (files.toSorted().join("\n") !== expected.join("\n")) return false;
    for (const [name, text] of Object.entries(texts))
      if ((await readText(join(folder, name), "a manifest")) !== text) return false;
    for (const { file, sha256 } of manifest.artifacts) if ((await sha256File(join(folder, file))) !== sha256) return false;
    return true;
  } catch (error) {
    // An unreadable folder is written again.
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}

/** Throws "usage" when a file is in the place of a folder for results, or of one above it. */
export async function assertFolder(out: string, of: DistOf): Promise<void> {
  const inTheWay = await findInTheWay(folderOf(out, of));
  if (inTheWay === undefined) return;
  throw new BuildError("usage", `${inTheWay} is not a folder, so no results can be written to ${join(out, distName(of))}.`, {
    hint: "--out DIR for a folder, or move it away",
  });
}

/**
 * Checks that `writeDist` can replace its folder, by making and removing empty folders. Before that,
 * repairs what a killed run left there: restores the old result unless a new one took its place, and
 * removes unfinished ones. Throws "machine" with the reason when it cannot be replaced, "usage" when
 * it holds what no build made.
 */
export async function prepareDist(out: string, of: DistOf, host: Host): Promise<void> {
  const folder = folderOf(out, of);
  const planted = await findPlanted(folder);
  if (planted !== undefined)
    throw new BuildError("usage", `${planted.path} belongs to user ${planted.owner}, in a folder where anybody may write.`, {
      hint: "--out DIR for a folder in one where only you may write",
    });
  if (await isMountPoint(folder))
    throw new BuildError("machine", `Folder ${folder} cannot be replaced: a file system is mounted there.`, {
      hint: `mount it at ${resolve(out)} instead, or --out DIR for another folder`,
    });
  const why = (await whyUnwritable(resolve(out, distName(of)))) ?? (await whyUnwritable(dirname(folder)));
  if (why !== undefined)
    throw new BuildError("machine", `Output folder ${resolve(out, distName(of))} is not writable: ${why}.`, {
      hint: "--out DIR for another folder",
    });
  await withLock(lockBeside(folder), { host, other: `is writing ${folder}` }, async () => recoverFolder(folder));
  await assertOurs(folder);
}

/** The folder itself where `<out>/<target>[-<variant>]` is a link: the link stays. */
function folderOf(out: string, of: DistOf): string {
  return truePath(resolve(out, distName(of)));
}
