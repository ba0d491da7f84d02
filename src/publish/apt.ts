import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import { listOf } from "../list.ts";
import { sbomAsset } from "../set/assets.ts";
import type { ReleaseSet, SetFile } from "../set/set.ts";
import type { Host } from "../sys/exec.ts";
import { removeStale, stageFolder } from "../sys/staging.ts";
import { makeFolders } from "../sys/sync.ts";
import { runTask } from "../sys/run-task.ts";
import { sayBytes, sumOfSizes } from "../sys/say-bytes.ts";
import { count } from "../sys/text.ts";
import { assertXz } from "../sys/xz.ts";
import { keepNewest } from "./apt-index.ts";
import { assertOwn, assertParts, markOwn } from "./apt-own.ts";
import { isValid } from "./apt-paragraph.ts";
import { readPackage } from "./apt-package.ts";
import { findDamage, notFile } from "./apt-pool.ts";
import { assertOneContent, identity, nameOf, type Stanza, type Versioned } from "./apt-stanza.ts";
import { readState, type State } from "./apt-state.ts";
import { repairApt } from "./apt-repair.ts";
import { switchTo } from "./apt-switch.ts";
import { aptYank } from "./apt-yank.ts";
import {
  assertSpace,
  copyChecked,
  noticeUnsigned,
  type Outcome,
  type Placed,
  type Publisher,
  type PublishOptions,
  withPlace,
} from "./publisher.ts";

/** Bytes to reserve for indices, in addition to the packages. */
const indexSpace = 4e6;

/**
 * `--to apt=DIR`: a repository for any web server, with a suite for each line and a component for
 * each variant. Files are staged in a folder inside, then renamed in an order in which readers see
 * either the old state or the new one. Files of the previous state stay for readers that are still
 * fetching it.
 */
export const apt: Publisher = { kind: "apt", place: "DIR", preview, check, publish, yank: aptYank, repair: repairApt };

function preview(set: ReleaseSet): readonly Placed[] {
  const packages = packagesOf(set).map((file) => ({ name: file.name, to: poolPath(set, file) }));
  return [...packages, { name: sbomAsset(set).name, to: sbomPath(set) }];
}

async function check(set: ReleaseSet, place: string, options: PublishOptions): Promise<void> {
  await assertOwn(place);
  // Not while another publish replaces what is read here.
  const { lacking } = await withPlace(place, options.host, () => examine(set, place, options));
  await assertXz(options);
  for (const file of lacking) await readOwn(set, file, options.host);
  await assertParts(set.line, place);
  await assertSpace(place, sumOfSizes(lacking) + indexSpace);
}

async function publish(set: ReleaseSet, place: string, options: PublishOptions): Promise<Outcome> {
  await makeFolders(place);
  // A second publish to the same place waits for the first.
  return withPlace(place, options.host, () => publishLocked(set, place, options));
}

async function publishLocked(set: ReleaseSet, place: string, options: PublishOptions): Promise<Outcome> {
  await assertOwn(place);
  await markOwn(place);
  await removeStale(join(place, "kovn"));
  noticeUnsigned(place, options);
  const { state, lacking } = await examine(set, place, options);
  const staging = await stageFolder(join(place, "kovn"));
  try {
    const staged = await stagePackages(set, lacking, staging, options);
    const standing = new Set(state.standing.map((stanza) => stanza.filename));
    const added = staged.filter((stanza) => !standing.has(stanza.filename));
    const stanzas = await keepNewest([...state.standing, ...added], options);
    const names = new Set(stanzas.map((stanza) => stanza.filename));
    const files = [...staged.map((stanza) => stanza.filename).filter((name) => names.has(name)), await stageSbom(set, staging)];
    const { made, changed, replaced } = await switchTo(
      { stanzas, yanked: state.yanked, files, distribution: distributionOf(set) },
      state,
      staging,
      options,
    );
    const old = new Set(state.live?.stanzas.keys());
    const fresh = [...names].filter((name) => !old.has(name));
    // A package whose file was missing is not new: the index named it.
    const healed = made.filter((name) => old.has(name));
    return {
      added: [...fresh, ...made.filter((name) => !old.has(name) && !names.has(name))],
      removed: [...old].filter((name) => !names.has(name)),
      repaired: [...healed, ...changed.filter((name) => !fresh.includes(name))],
      replaced,
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

/**
 * Reads the state of the repository and every package of it. Finds the packages of the set that it
 * lacks, also those whose file is missing or altered. Throws "destination" for a version that it
 * has with different bytes or that was taken out, and for a damaged package that is not in the set.
 */
async function examine(set: ReleaseSet, place: string, options: PublishOptions) {
  const packages = packagesOf(set);
  if (packages.length === 0) throw new BuildError("usage", "The artifacts contain no Debian package.");
  const state = await readState(set.line, place, options);
  for (const file of packages) assertUnchanged(set, file, state, place);
  assertDistinct(set, packages);
  assertSameDistribution(set, state, place);
  const damage = await findDamage(state.standing, place, options.host);
  const standing = new Set(state.standing.map((stanza) => stanza.filename));
  const isLacking = (path: string) => !standing.has(path) || damage.has(path);
  const lacking = packages.filter((file) => isLacking(poolPath(set, file)));
  const fresh = lacking.map((file) => versionOf(set, file)).filter(({ filename }) => !standing.has(filename));
  const next = await keepNewest<Versioned>([...state.standing, ...fresh], options);
  const ours = new Set(packages.map((file) => poolPath(set, file)));
  const broken = next.filter(({ filename }) => damage.has(filename) && (!ours.has(filename) || damage.get(filename) === notFile));
  const damaged = [...new Set(broken.map(({ version }) => version))];
  if (broken.length > 0)
    throw new BuildError(
      "destination",
      listOf(
        broken.map(({ filename }) => `${join(place, filename)}, which the index names, ${damage.get(filename)}.`),
        "\n",
      ),
      {
        hint: `publish its build again, which repairs it; or take it out: kovn-build release yank ${listOf(damaged, " ")} --to apt=${place}`,
      },
    );
  return { state, lacking };
}

function versionOf(set: ReleaseSet, file: SetFile): Versioned {
  const { package: name = "", version = "", architecture = "" } = file;
  return { package: name, version, architecture, filename: poolPath(set, file) };
}

function assertDistinct(set: ReleaseSet, packages: readonly SetFile[]): void {
  const seen = new Map<string, SetFile>();
  for (const file of packages) {
    const own = versionOf(set, file);
    assertOneContent(
      { ...own, sha256: file.sha256 },
      seen.get(identity(own)),
      (what) => new BuildError("usage", `These artifacts cannot be published: ${what}.`, { hint: "build them again" }),
    );
    seen.set(identity(own), file);
  }
}

/** What the packages of a set are for: one distribution, since a set of several is refused. */
function distributionOf(set: ReleaseSet): string | undefined {
  const distribution = set.jobs.find((job) => job.distribution !== undefined)?.distribution;
  if (distribution === undefined || isValid("distribution", distribution)) return distribution;
  throw new BuildError("usage", `\`${distribution}\` in artifacts.json is not a distribution.`, { hint: "build them again" });
}

/** apt would give every reader the newest version, whatever it was built on. */
function assertSameDistribution(set: ReleaseSet, { live, suite }: State, place: string): void {
  const [own, old] = [distributionOf(set), live?.distribution];
  if (own === undefined || old === undefined || own === old || live?.stanzas.size === 0) return;
  throw new BuildError(
    "destination",
    `Suite ${suite.line} of ${place} has packages for ${old}, and these artifacts are for ${own}: apt would install either on both.`,
    { hint: `give each distribution a repository of its own: --to apt=${place}-${own.replaceAll(" ", "-")}` },
  );
}

function assertUnchanged(set: ReleaseSet, file: SetFile, { live, previous, yanked }: State, place: string): void {
  const own = versionOf(set, file);
  const isSame = (stanza: Stanza) => identity(stanza) === identity(own) || stanza.filename === own.filename;
  const known = [...(live?.stanzas.values() ?? []), ...(previous?.stanzas.values() ?? []), ...yanked];
  const name = nameOf(own);
  const hint = "raise `revision` in source.yaml and build again: a published version never changes";
  const other = known.find((stanza) => isSame(stanza) && stanza.sha256 !== file.sha256);
  if (other !== undefined)
    throw new BuildError(
      "destination",
      `${place} has ${name} with different bytes: sha256 ${other.sha256}, and ${file.sha256} in ${file.path}.`,
      { hint },
    );
  if (yanked.some(isSame))
    throw new BuildError("destination", `${name} was taken out of ${place}, and does not come back.`, {
      hint: "raise `revision` in source.yaml and build again",
    });
}

/** Reads a package of a set. Throws "digest" when it is not the one that `artifacts.json` names. */
async function readOwn(set: ReleaseSet, file: SetFile, host: Host): Promise<Stanza> {
  const own = versionOf(set, file);
  const stanza = await readPackage(file.path, { ...file, filename: own.filename }, host);
  if (identity(stanza) === identity(own)) return stanza;
  throw new BuildError("digest", `${file.path} is not the package that artifacts.json names: ${nameOf(own)}.`);
}

/** Copies packages below `staging`. */
async function stagePackages(
  set: ReleaseSet,
  files: readonly SetFile[],
  staging: string,
  { host }: PublishOptions,
): Promise<readonly Stanza[]> {
  return runTask(host, `copy ${count(files.length, "package")}`, async ({ task, ...rest }) => {
    const onBytes = sayBytes(task, sumOfSizes(files));
    const stanzas: Stanza[] = [];
    for (const file of files) {
      const stanza = await readOwn(set, file, { ...rest, task });
      await copyChecked(file.path, join(staging, stanza.filename), file.sha256, onBytes);
      stanzas.push(stanza);
    }
    return stanzas;
  });
}

async function stageSbom(set: ReleaseSet, staging: string): Promise<string> {
  const { text } = sbomAsset(set);
  const path = sbomPath(set);
  await mkdir(dirname(join(staging, path)), { recursive: true });
  await writeFile(join(staging, path), text, { flush: true });
  return path;
}
