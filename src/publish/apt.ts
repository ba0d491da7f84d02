import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import { sbomAsset } from "../set/assets.ts";
import type { ReleaseSet, SetFile } from "../set/set.ts";
import { withLock } from "../sys/with-lock.ts";
import { exists, sha256File, writeWhole } from "../sys/files.ts";
import { packagesIndex } from "../sys/ftparchive.ts";
import { clearSign, isSignedBy } from "../sys/gpg.ts";
import { errorCode } from "../sys/processes.ts";
import { runTask } from "../sys/run-task.ts";
import { sayBytes, sumOfSizes } from "../sys/say-bytes.ts";
import { removeStale, stagingOf } from "../sys/staging.ts";
import { count } from "../sys/text.ts";
import { cleanSuite, previousName, readPrevious } from "./apt-clean.ts";
import { keepNewest, stageIndices } from "./apt-index.ts";
import { parseIndices, parseStanzas, readSuite, type Stanza } from "./apt-suite.ts";
import { copyChecked, assertSpace, type Outcome, type Placed, type Publisher, type PublishOptions } from "./publisher.ts";

/** Marks a repository as made by kovn-build, from its first publish on. */
const marker = ".kovn-apt.json";
/** Bytes to reserve for indices, in addition to the packages. */
const indexSpace = 4e6;

/**
 * `--to apt=DIR`: a repository for any web server, with a suite for each line and a component for
 * each variant. Files are staged in a folder beside it, then renamed in an order in which readers
 * see either the old state or the new one: packages, by-hash indices, named indices, `Release`, and
 * last `InRelease`. Files of the previous state stay for readers that are still fetching it.
 */
export const apt: Publisher = { kind: "apt", place: "DIR", preview, check, publish };

function preview(set: ReleaseSet): readonly Placed[] {
  const packages = packagesOf(set).map((file) => ({ name: file.name, to: poolPath(set, file) }));
  return [...packages, { name: sbomAsset(set).name, to: sbomPath(set) }];
}

async function check(set: ReleaseSet, place: string, options: PublishOptions): Promise<void> {
  await assertOwn(place);
  const { fresh } = await examine(set, place, options);
  await assertSpace(place, sumOfSizes(fresh) + indexSpace);
}

async function publish(set: ReleaseSet, place: string, options: PublishOptions): Promise<Outcome> {
  await mkdir(place, { recursive: true });
  // A second publish to the same place waits for the first.
  return withLock(place, { host: options.host, other: `is publishing to ${place}` }, () => publishLocked(set, place, options));
}

async function publishLocked(set: ReleaseSet, place: string, options: PublishOptions): Promise<Outcome> {
  await assertOwn(place);
  if (!(await exists(join(place, marker)))) await writeWhole(join(place, marker), `${JSON.stringify({ schema: 1 })}\n`);
  await removeStale(join(place, "kovn"));
  const { live, liveName, fresh } = await examine(set, place, options);
  const staging = stagingOf(join(place, "kovn"));
  try {
    const added = await stagePackages(set, fresh, staging, options);
    const next = await keepNewest([...(live?.stanzas.values() ?? []), ...added], options);
    const indices = await stageIndices(set.line, next, live, staging, options);
    const suite = join("dists", set.line);
    const release = join(suite, "Release");
    const same = live !== undefined && sameIndices(live.indices, parseIndices(await readFile(join(staging, release), "utf8")));
    const names = new Set(next.map((stanza) => stanza.filename));
    const order = [
      ...added.map((stanza) => stanza.filename).filter((name) => names.has(name)),
      await stageSbom(set, staging),
      ...indices.byHash,
      ...(live === undefined || same ? [] : [await stagePrevious(suite, liveName, place, staging)]),
      ...indices.plain,
    ];
    if (!same || !(await isSigned(join(place, suite, "InRelease"), options))) {
      order.push(release);
      if (options.signer !== undefined) {
        const signed = join(suite, "InRelease");
        await clearSign(join(staging, release), join(staging, signed), options.signer, options);
        order.push(signed);
      }
    }
    for (const path of order) await goLive(path, staging, place);
    await cleanSuite(place, set.line, options.signer === undefined ? "Release" : "InRelease");
    const old = new Set(live?.stanzas.keys());
    return {
      added: [...names].filter((name) => !old.has(name)),
      removed: [...old].filter((name) => !names.has(name)),
      leftOut: leftOut(set, added, names),
    };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function packagesOf(set: ReleaseSet): readonly SetFile[] {
  return set.files.filter((file) => file.package !== undefined);
}

function poolPath(set: ReleaseSet, file: SetFile): string {
  return `pool/${set.line}/${file.variant}/${file.name}`;
}

function sbomPath(set: ReleaseSet): string {
  return `sbom/${set.line}/${sbomAsset(set).name}`;
}

function leftOut(set: ReleaseSet, added: readonly Stanza[], names: ReadonlySet<string>): Outcome["leftOut"] {
  const others = set.files.filter((file) => file.package === undefined);
  const old = added.filter((stanza) => !names.has(stanza.filename));
  return [
    ...set.leftOut,
    ...others.map(({ name }) => ({ name, why: "not a Debian package" })),
    ...old.map(({ filename }) => ({ name: filename, why: "dropped by --keep" })),
  ];
}

/** Throws "destination" unless the folder is absent, empty, or a repository made by kovn-build. */
async function assertOwn(place: string): Promise<void> {
  const names = await readdir(place).catch((cause: unknown): string[] => {
    if (errorCode(cause) === "ENOENT") return [];
    throw new BuildError("destination", `${place} is not a readable folder.`, { cause });
  });
  // A killed first run may have left the marker half-written.
  if (names.includes(marker) || names.every((name) => name.includes(marker))) return;
  throw new BuildError("destination", `${place} is not an apt repository made by kovn-build.`, {
    hint: "name a new or empty folder",
  });
}

/**
 * Reads the state of the repository and finds the packages of the set that it does not have. Throws
 * "destination" for a version that it has with different bytes.
 */
async function examine(set: ReleaseSet, place: string, { signer }: PublishOptions) {
  const packages = packagesOf(set);
  if (packages.length === 0) throw new BuildError("usage", "The artifacts contain no Debian package.");
  const dir = join(place, "dists", set.line);
  const signed = await exists(join(dir, "InRelease"));
  if (signed && signer === undefined)
    throw new BuildError("usage", `Suite ${set.line} of ${place} is signed: give a key.`, { hint: "--sign KEY" });
  const liveName = signed ? "InRelease" : "Release";
  const live = await readSuite(dir, liveName);
  const previous = await readPrevious(dir);
  const known = [...(live?.stanzas.values() ?? []), ...(previous?.stanzas.values() ?? [])];
  for (const file of packages) {
    const { package: name = "", version = "", architecture = "", sha256 } = file;
    const id = identity({ package: name, version, architecture });
    const there = known.filter((stanza) => identity(stanza) === id || stanza.filename === poolPath(set, file));
    if (there.some((stanza) => stanza.sha256 !== sha256))
      throw new BuildError("destination", `${place} has ${name} ${version} (${architecture}) with different bytes.`, {
        hint: "raise `revision` in source.yaml and build again: a published version never changes",
      });
  }
  const fresh = packages.filter((file) => live?.stanzas.has(poolPath(set, file)) !== true);
  return { live, liveName, fresh };
}

function identity(stanza: Pick<Stanza, "package" | "version" | "architecture">): string {
  return `${stanza.package} ${stanza.version} ${stanza.architecture}`;
}

/**
 * Copies packages below `staging` and indexes them there. Throws "digest" when a package is not the
 * one that `artifacts.json` names.
 */
async function stagePackages(
  set: ReleaseSet,
  files: readonly SetFile[],
  staging: string,
  { host }: PublishOptions,
): Promise<readonly Stanza[]> {
  await mkdir(join(staging, "pool"), { recursive: true });
  await runTask(host, `copy ${count(files.length, "package")}`, async ({ task }) => {
    const onBytes = sayBytes(task, sumOfSizes(files));
    for (const file of files) await copyChecked(file.path, join(staging, poolPath(set, file)), file.sha256, onBytes);
  });
  const stanzas = parseStanzas(await packagesIndex("pool", { host, cwd: staging }));
  for (const file of files) {
    const stanza = stanzas.find((candidate) => candidate.filename === poolPath(set, file));
    const { package: name = "", version = "", architecture = "" } = file;
    if (stanza === undefined || identity(stanza) !== identity({ package: name, version, architecture }))
      throw new BuildError(
        "digest",
        `${file.path} is not the package that artifacts.json names: ${name} ${version} (${architecture}).`,
      );
  }
  return stanzas;
}

function sameIndices(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([path, digest]) => b.get(path) === digest);
}

async function stageSbom(set: ReleaseSet, staging: string): Promise<string> {
  const { text } = sbomAsset(set);
  const path = sbomPath(set);
  await mkdir(dirname(join(staging, path)), { recursive: true });
  await writeFile(join(staging, path), text, { flush: true });
  return path;
}

async function stagePrevious(suite: string, liveName: string, place: string, staging: string): Promise<string> {
  const path = join(suite, previousName);
  await copyFile(join(place, suite, liveName), join(staging, path));
  return path;
}

async function isSigned(file: string, { signer, host }: PublishOptions): Promise<boolean> {
  return signer === undefined || ((await exists(file)) && isSignedBy(signer, [file], { host }));
}

/** Renames a staged file into place, unless the same bytes are there already. */
async function goLive(path: string, staging: string, place: string): Promise<void> {
  const [from, to] = [join(staging, path), join(place, path)];
  if ((await exists(to)) && (await sha256File(to)) === (await sha256File(from))) return;
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
}
