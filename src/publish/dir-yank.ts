import { readdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { publishedManifest, readManifest, type Manifest } from "../dist/manifest.ts";
import { BuildError, refusalOf } from "../errors.ts";
import { listOf } from "../list.ts";
import { sumsName } from "../set/assets.ts";
import { truePath } from "../sys/disk.ts";
import { removeFolder } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { isStagingOf, removeStale, stagingOf } from "../sys/staging.ts";
import { lockName } from "../sys/with-lock.ts";
import { syncFolder } from "../sys/sync.ts";
import { assertWritable, noSuchVersion, type Outcome, type Yanker, type YankOptions, withPlace } from "./publisher.ts";

/** Removes a folder that `publish --to dir=DIR` made: its files are of one set, and stand together. */
export const dirYank: Yanker = { check, run };

async function check(versions: readonly string[], place: string): Promise<void> {
  const names = await readNames(place);
  if (names.length === 0) return;
  const manifests = await readManifests(place, names);
  const files = new Set(await readFileNames(place));
  const others = names.filter((name) => !isStagingOf("kovn", name) && !(files.has(name) && isOurs(name, manifests)));
  if (others.length > 0 || manifests.length === 0)
    throw new BuildError(
      "destination",
      manifests.length === 0
        ? `${place} is not a folder that kovn-build published.`
        : `Folder ${place} holds something else: ${listOf(others)}.`,
      { hint: "nothing is removed; move these files away, or remove the folder yourself" },
    );
  const there = [...new Set(manifests.flatMap(versionsOf))];
  const absent = versions.filter((version) => !there.includes(version));
  if (absent.length > 0) throw noSuchVersion(place, absent, there);
  await assertWritable(place);
}

async function run(versions: readonly string[], place: string, { host }: YankOptions): Promise<Outcome> {
  return withPlace(place, host, async () => {
    const folder = truePath(place);
    await removeStale(folder);
    await check(versions, place);
    const names = await readNames(folder);
    if (names.length === 0) host.task.notice(`Folder ${place} does not exist or is empty.`);
    else await remove(folder, names);
    return { added: [], removed: names, leftOut: [] };
  });
}

/** Removes the folder with one rename. What cannot be renamed, such as a mount point, is emptied. */
async function remove(folder: string, names: readonly string[]): Promise<void> {
  const old = stagingOf(folder, "old");
  const isRenamed = await rename(folder, old).then(
    () => true,
    (error: unknown) => {
      if (refusalOf(error) === undefined) throw error;
      return false;
    },
  );
  if (isRenamed) {
    await syncFolder(dirname(folder));
    return removeFolder(old);
  }
  // Digests first: then the folder no longer says that it is whole. Manifests last: they say whose
  // it is.
  const rank = (name: string) => (name.startsWith(sumsName) ? 0 : publishedManifest.test(name) ? 2 : 1);
  for (const name of names.toSorted((a, b) => rank(a) - rank(b))) await rm(join(folder, name), { recursive: true, force: true });
  await syncFolder(folder);
  await rmdir(folder).catch(() => undefined);
}

async function readNames(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    if (errorCode(cause) === "ENOENT") return [];
    throw new BuildError("destination", `${folder} is not a readable folder.`, { cause });
  });
  return names.filter((name) => name !== lockName);
}

/** The names of regular files: a folder or link with such a name is a person's. */
async function readFileNames(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

async function readManifests(folder: string, names: readonly string[]): Promise<readonly Manifest[]> {
  return Promise.all(names.filter((name) => publishedManifest.test(name)).map((name) => readManifest(join(folder, name))));
}

function isOurs(name: string, manifests: readonly Manifest[]): boolean {
  const files = manifests.flatMap((manifest) => manifest.artifacts.map(({ file }) => basename(file)));
  const documents = /^(SHA256SUMS(\.asc)?|artifacts-.+\.json|provenance-.+\.intoto\.json|sbom-.+\.cdx\.json)$/;
  return files.includes(name) || documents.test(name);
}

/** The versions of its packages, and of its jobs for builds without packages. */
function versionsOf({ jobs, artifacts }: Manifest): readonly string[] {
  const packages = artifacts.flatMap(({ version }) => (version === undefined ? [] : [version]));
  return packages.length > 0 ? packages : jobs.map(({ version, revision }) => `${version}+kovn${revision}`);
}
