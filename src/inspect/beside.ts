import { readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { publishedManifest, readManifest, type Manifest } from "../dist/manifest.ts";
import { readManifestOf } from "../dist/read.ts";
import { makeLabel } from "../label/label.ts";
import { refusalOf } from "../errors.ts";
import { exists, sha256File } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { readBytes } from "../sys/read-file.ts";
import type { Found } from "./find.ts";

/**
 * What `artifacts.json` beside a file, or one of those that `publish` writes, says of it; undefined if
 * none has its digest.
 */
export async function fromManifest(path: string): Promise<Found | undefined> {
  const folder = dirname(path);
  // Debug information is a folder below.
  for (const above of [folder, dirname(folder)]) {
    if (!(await exists(join(above, "artifacts.json")))) continue;
    const { manifest } = await readManifestOf(above);
    return find(manifest, "artifacts.json", path, (file) => file === relative(above, path));
  }
  // What is published lies side by side, without the folders of the build.
  for (const name of (await readdir(folder)).filter((file) => publishedManifest.test(file)).toSorted()) {
    const manifest = await readManifest(join(folder, name));
    const found = await find(manifest, name, path, (file) => basename(file) === basename(path));
    if (found !== undefined) return found;
  }
  return undefined;
}

async function find(
  manifest: Manifest,
  name: string,
  path: string,
  isNamed: (file: string) => boolean,
): Promise<Found | undefined> {
  const artifact = manifest.artifacts.find(({ file }) => isNamed(file));
  const job = manifest.jobs.find(({ id }) => id === artifact?.job);
  if (artifact === undefined || job === undefined || artifact.sha256 !== (await sha256File(path))) return undefined;
  return { label: makeLabel(manifest, job, {}), where: [`${name}, beside it`] };
}

/** The most bytes that a changelog unpacks to. */
const mostChangelog = 4e6;

/** Whether the newest entry of the changelog of an unpacked package is one that kovn-build writes. */
export async function fromChangelog(dir: string, name: string): Promise<boolean> {
  // A name that is not one leads elsewhere.
  if (!/^[a-z0-9][a-z0-9.+-]+$/.test(name)) return false;
  const path = join(dir, "usr/share/doc", name, "changelog.Debian.gz");
  // A link in a package may lead anywhere.
  const [real, expected] = await Promise.all([realpath(path).catch(() => undefined), realpath(dir)]);
  if (real !== join(expected, "usr/share/doc", name, "changelog.Debian.gz")) return false;
  const packed = await readBytes(path, "a manifest", { follow: false }).catch((error: unknown) => {
    if (refusalOf(error) === undefined) throw error;
    return Buffer.alloc(0);
  });
  const text = await promisify(gunzip)(packed, { maxOutputLength: mostChangelog }).catch((error: unknown) => {
    if (errorCode(error)?.startsWith("Z_") === true || error instanceof RangeError) return Buffer.alloc(0);
    throw error;
  });
  const [entry = ""] = text.toString().split(/\n(?=\S)/);
  return /^\S+ \(\S+\+kovn\d+\.[0-9a-f]{8}\S*\)/.test(entry) && /^ -- kovn-build\b/m.test(entry);
}
