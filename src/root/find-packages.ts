import { join } from "node:path";
import { sortBy } from "../order.ts";
import { offeredVersions } from "../sys/apt.ts";
import type { Host } from "../sys/exec.ts";
import { choosePackages, updateLists, withArchive, type ArchiveRequest } from "./archive.ts";
import { rootsFolder } from "./keep.ts";

/** Files of packages that are not installed yet. */
export interface PackageFile {
  readonly name: string;
  readonly path: string;
}

/** What an archive has for files of packages. */
export interface FoundPackages {
  /** Names of the packages that are installed with the files. */
  readonly needed: readonly string[];
  /** Names of the files that the archive has packages of as well. */
  readonly own: readonly string[];
}

/**
 * Asks a distribution's archive what files of packages need, and which of them it has itself. Nothing
 * is downloaded. Throws as `explain` makes it.
 */
export async function findPackages(
  files: readonly PackageFile[],
  request: ArchiveRequest,
  { work, host }: { readonly work: string; readonly host: Host },
): Promise<FoundPackages> {
  return withArchive(request, { container: undefined, roots: rootsFolder(work), host }, async (archive) => {
    await updateLists(archive, { host, isQuick: false });
    const paths = files.map(({ path }) => path);
    const { files: chosen } = await choosePackages(archive, paths, host);
    const names = new Set(files.map(({ name }) => name));
    // Files of apt are named `<package>_<version>_<architecture>.deb`.
    const needed = [...chosen.keys()].map((file) => file.split("_", 1)[0] ?? "").filter((name) => !names.has(name));
    const inside = { ...host, env: { ...host.env, APT_CONFIG: join(archive.folder, "apt.conf") } };
    const offers = await Promise.all(
      [...names].map(async (name) => ({ name, versions: await offeredVersions(name, { host: inside }) })),
    );
    const own = offers.filter(({ versions }) => versions.length > 0).map(({ name }) => name);
    return { needed: sortBy(needed, (name) => name), own: sortBy(own, (name) => name) };
  });
}
