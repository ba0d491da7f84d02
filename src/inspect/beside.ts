import { realpath } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { readManifestOf } from "../dist/read.ts";
import { makeLabel, type Label } from "../label/label.ts";
import { refusalOf } from "../errors.ts";
import { exists, sha256File } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { readBytes } from "../sys/read-file.ts";

/** What `artifacts.json` beside a file says of it, if it has its digest; undefined where it does not. */
export async function fromManifest(path: string): Promise<Label | undefined> {
  // Debug information is a folder below.
  for (const folder of [dirname(path), dirname(dirname(path))]) {
    if (!(await exists(join(folder, "artifacts.json")))) continue;
    const { manifest } = await readManifestOf(folder);
    const artifact = manifest.artifacts.find(({ file }) => file === relative(folder, path));
    const job = manifest.jobs.find(({ id }) => id === artifact?.job);
    if (artifact === undefined || job === undefined || artifact.sha256 !== (await sha256File(path))) return undefined;
    return makeLabel(manifest, job, {});
  }
  return undefined;
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
