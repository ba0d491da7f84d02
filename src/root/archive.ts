import { link, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { keyOf } from "../plan/key.ts";
import { rootInNames } from "../plan/root.ts";
import { aptGet } from "../sys/apt.ts";
import type { ExecResult, Host } from "../sys/exec.ts";
import { exists, sha256File } from "../sys/files.ts";
import { readText } from "../sys/read-file.ts";
import { makeFolders } from "../sys/sync.ts";
import { lockBeside, withLock } from "../sys/with-lock.ts";
import { explain, reasonsIn } from "./explain.ts";
import { enterContainer, type Container } from "./containers.ts";
import type { KnownRoot } from "./known.ts";
import { sourcesOf, type Mirrors } from "./mirrors.ts";

/** Where a root comes from. */
export interface ArchiveRequest {
  readonly known: KnownRoot;
  /** Debian's name of the architecture. */
  readonly arch: string;
  /** Another architecture that it has packages of, such as `libssl-dev:arm64`, to cross-compile. */
  readonly foreign?: string;
  readonly mirrors: Mirrors;
}

/**
 * A distribution's archive as apt knows it: a folder with apt's settings, its lists, and the packages
 * that were downloaded, laid out as in a root. All roots of the distribution share it.
 */
export interface AptFolder {
  readonly known: KnownRoot;
  readonly folder: string;
  /** Has apt, the keys of the archive, and packages; undefined where these are the machine's. */
  readonly container: Container | undefined;
}

/** What a root has now, if it is made. */
export interface Offer {
  /** sha256 of all its packages. */
  readonly content: string;
  /** sha256 of each package, by the name of apt's file. */
  readonly files: ReadonlyMap<string, string>;
}

const lists = "var/lib/apt/lists";
const debs = "var/cache/apt/archives";
/** A folder of packages that stays empty, so that apt names those that are there, too. */
const none = "var/cache/none";

/** The architectures of an archive's packages, the root's own one first. */
export function architecturesOf({ arch, foreign }: Pick<ArchiveRequest, "arch" | "foreign">): readonly string[] {
  return foreign === undefined ? [arch] : [arch, foreign];
}

/** The folder of all archives, below that of the roots. */
export function archivesFolder(roots: string): string {
  return join(roots, "archives");
}

/** Runs `use` while no other process works with the archive. */
export async function withArchive<T>(
  request: ArchiveRequest,
  { roots, container, host }: { readonly roots: string; readonly container: Container | undefined; readonly host: Host },
  use: (archive: AptFolder) => Promise<T>,
): Promise<T> {
  const { known, mirrors } = request;
  const names = [rootInNames(known.name), ...architecturesOf(request)];
  const others = Object.keys(mirrors).length === 0 ? [] : [keyOf(mirrors).slice(0, 8)];
  const folder = join(archivesFolder(roots), [...names, ...others].join("-"));
  await makeFolders(archivesFolder(roots));
  return withLock(lockBeside(folder), { host, other: `reads the archive of ${known.distribution}` }, async () => {
    await writeSettings(request, folder);
    return use({ known, folder, container });
  });
}

/** Neither apt's settings on this machine nor its keys count. */
async function writeSettings(request: ArchiveRequest, folder: string): Promise<void> {
  const architectures = architecturesOf(request);
  const made = ["etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/sources.list.d", "var/lib/dpkg"];
  for (const path of [...made, ...[lists, debs, none].map((one) => `${one}/partial`)])
    await mkdir(join(folder, path), { recursive: true });
  const settings = [
    `Dir "${folder}";`,
    'Dir::Etc::Trusted "/dev/null"; Dir::Etc::TrustedParts "/dev/null";',
    `APT::Architecture "${request.arch}"; APT::Architectures { ${architectures.map((name) => `"${name}";`).join(" ")} };`,
    'APT::Install-Recommends "false"; Acquire::Languages "none"; Acquire::PDiffs "false"; Acquire::ForceHash "SHA256";',
    // apt's own user may not enter the folders of an ordinary user.
    'APT::Sandbox::User "root";',
  ];
  const sources = sourcesOf(request.known, architectures, request.mirrors);
  await writeOnce(join(folder, "apt.conf"), `${settings.join("\n")}\n`);
  await writeOnce(join(folder, "etc/apt/sources.list"), `${sources.join("\n")}\n`);
  await writeOnce(join(folder, "var/lib/dpkg/status"), "");
}

/** apt reads all its lists again when one of these files is newer. */
async function writeOnce(path: string, text: string): Promise<void> {
  if ((await readText(path, "a cached result").catch(() => undefined)) !== text) await writeFile(path, text);
}

/**
 * Brings apt's lists up to date, which verifies the archive's signatures and that they have not
 * expired. Returns the sha256 of each `InRelease`, and that of an image, sorted. With `isQuick`, an
 * archive that does not answer is given up after a few seconds. Throws as `explain` makes it.
 */
export async function updateLists(
  archive: AptFolder,
  { host, isQuick }: { host: Host; isQuick: boolean },
): Promise<readonly string[]> {
  // Without apt's cache, which takes longer than all else and is made when packages are chosen.
  const own = ["-o", "pkgCacheFile::Generate=false"];
  const limits = isQuick ? ["-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=2"] : ["-o", "Acquire::Retries=2"];
  await run(archive, [...own, ...limits, "update", "--error-on=any"], host);
  const folder = join(archive.folder, lists);
  const names = (await readdir(folder)).filter((name) => /_(?:In)?Release$/.test(name));
  const sums = await Promise.all(names.map(async (name) => sha256File(join(folder, name))));
  return [...sums, ...imageOf(archive)].toSorted();
}

/**
 * Finds out what a root with these packages has: of apt's lists, without network. Throws "project" for
 * a package that is not there.
 */
export async function choosePackages(archive: AptFolder, packages: readonly string[], host: Host): Promise<Offer> {
  const { stdout } = await run(
    archive,
    ["-q", "--print-uris", "-o", `Dir::Cache::Archives=${join(archive.folder, none)}/`, ...installing(packages)],
    host,
  );
  const files = new Map(
    [...stdout.matchAll(/^'\S+' (\S+) \d+ SHA256:([0-9a-f]{64})$/gm)].map(([, name = "", sum = ""]) => [name, sum]),
  );
  const sums = [...files].map((one) => one.join(" "));
  return { files, content: keyOf([...sums, ...imageOf(archive)].toSorted()) };
}

/**
 * Downloads what is not there yet and puts hard links to all of it, and to apt's lists, into `to`. apt
 * verifies what it downloads; what was there is compared with the signed lists.
 */
export async function fetchPackages(
  { archive, packages, offer }: { readonly archive: AptFolder; readonly packages: readonly string[]; readonly offer: Offer },
  to: string,
  host: Host,
): Promise<void> {
  const from = join(archive.folder, debs);
  for (const [name, sum] of offer.files)
    // A loss of power may have left anything; apt looks at the size only.
    if ((await exists(join(from, name))) && (await sha256File(join(from, name))) !== sum) await rm(join(from, name));
  await run(archive, ["--download-only", "-o", "Acquire::Retries=2", ...installing(packages)], host);
  await run(archive, ["autoclean"], host);
  for (const path of [debs, lists]) {
    await mkdir(join(to, path), { recursive: true });
    const names = (await readdir(join(archive.folder, path), { withFileTypes: true })).filter((one) => one.isFile());
    const wanted = path === debs ? [...offer.files.keys()] : names.map(({ name }) => name).filter((name) => name !== "lock");
    for (const name of wanted) await link(join(archive.folder, path, name), join(to, path, name));
  }
}

/**
 * Debian's essential packages, apt, and the given ones, with what these need: where nothing is
 * installed, the essential ones are an upgrade.
 */
function installing(packages: readonly string[]): readonly string[] {
  return ["--yes", "dist-upgrade", ...packages];
}

/** A root that is made of another image is another one. */
function imageOf({ container }: AptFolder): readonly string[] {
  return container === undefined ? [] : [container.image];
}

async function run({ known, folder, container }: AptFolder, args: readonly string[], host: Host): Promise<ExecResult> {
  const enter = container === undefined ? undefined : enterContainer(container, { folders: [folder], network: "host" }, host);
  const result = await aptGet(args, { host, enter, env: { APT_CONFIG: join(folder, "apt.conf") } });
  const { exitCode, stdout, stderr } = result;
  if (exitCode !== 0) throw explain(known, reasonsIn(`${stdout}\n${stderr}`), `apt-get ended with exit code ${exitCode}`);
  return result;
}
