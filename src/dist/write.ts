import { mkdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { BuildError } from "../errors.ts";
import { isMountPoint, truePath, whyUnwritable } from "../sys/disk.ts";
import type { Host } from "../sys/exec.ts";
import { listFiles, sha256File, writeWhole } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { readText } from "../sys/read-file.ts";
import { previousOf, recoverFolder, replaceFolder } from "../sys/replace-folder.ts";
import { stagingOf } from "../sys/staging.ts";
import { lockBeside, withLock } from "../sys/with-lock.ts";
import { checksums, placeFile } from "./artifact.ts";
import { showManifest, type Manifest } from "./manifest.ts";

/**
 * Replaces `<out>/<target>` by these artifacts, `artifacts.json` and SHA256SUMS. Everything is
 * staged beside it and then renamed, so that the folder is always complete: the old one or the new
 * one, and the old one when the run is stopped. `filesOf` returns the folder of a job's files.
 */
export async function writeDist(out: string, manifest: Manifest, filesOf: (job: string) => string, host: Host): Promise<string> {
  const folder = folderOf(out, manifest.target);
  const next = stagingOf(folder);
  await rm(next, { recursive: true, force: true });
  try {
    await mkdir(next, { recursive: true });
    for (const artifact of manifest.artifacts)
      await placeFile(join(filesOf(artifact.job), artifact.file), join(next, artifact.file));
    await writeWhole(join(next, "SHA256SUMS"), checksums(manifest.artifacts));
    await writeWhole(join(next, "artifacts.json"), showManifest(manifest));
    await withLock(lockBeside(folder), { host, other: `is writing ${folder}` }, async () => {
      host.signal.throwIfAborted();
      await replaceFolder(next, folder);
    });
  } finally {
    await rm(next, { recursive: true, force: true });
  }
  return join(out, manifest.target);
}

/** True when `<out>/<target>` already holds exactly what `writeDist` would write. */
export async function holdsDist(out: string, manifest: Manifest): Promise<boolean> {
  const folder = join(out, manifest.target);
  const texts = { "artifacts.json": showManifest(manifest), SHA256SUMS: checksums(manifest.artifacts) };
  const expected = [...Object.keys(texts), ...manifest.artifacts.map((artifact) => artifact.file)].toSorted();
  try {
    const files = await listFiles(folder);
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

/**
 * Checks that `writeDist` can replace its folder, by making and removing empty folders. Throws
 * "machine" with the reason when it cannot.
 */
export async function assertReplaceable(out: string, target: string): Promise<void> {
  const folder = resolve(out, target);
  for (const path of [folder, previousOf(folderOf(out, target))])
    if (await isMountPoint(path))
      throw new BuildError("machine", `Folder ${path} cannot be replaced: a file system is mounted there.`, {
        hint: `mount it at ${resolve(out)} instead, or --out DIR for another folder`,
      });
  const why = (await whyUnwritable(folder)) ?? (await whyUnwritable(dirname(truePath(folder))));
  if (why === undefined) return;
  throw new BuildError("machine", `Output folder ${folder} is not writable: ${why}.`, { hint: "--out DIR for another folder" });
}

/**
 * Repairs what a killed run left in `out`: restores the previous result unless a new one took its
 * place, and removes unfinished ones.
 */
export async function recoverDist(out: string, target: string, host: Host): Promise<void> {
  const folder = folderOf(out, target);
  await withLock(lockBeside(folder), { host, other: `is writing ${folder}` }, async () => recoverFolder(folder));
}

/** The folder itself where `<out>/<target>` is a link: the link stays. */
function folderOf(out: string, target: string): string {
  return truePath(resolve(out, target));
}
