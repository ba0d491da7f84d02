import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import { sbomAsset } from "../set/assets.ts";
import type { LeftOut, ReleaseSet } from "../set/set.ts";
import type { Host } from "../sys/exec.ts";
import { removeStale, stageFolder } from "../sys/staging.ts";
import { makeFolders } from "../sys/sync.ts";
import { runTask } from "../sys/run-task.ts";
import { sayBytes, sumOfSizes } from "../sys/say-bytes.ts";
import { count } from "../sys/text.ts";
import { assertXz } from "../sys/xz.ts";
import { examine, type Examined } from "./apt-examine.ts";
import { keepNewest } from "./apt-index.ts";
import { bytesOf, changeAt } from "./apt-live.ts";
import { assertOwn, assertParts, changeOfMark, markOwn } from "./apt-own.ts";
import { readPackage } from "./apt-package.ts";
import { identity, nameOf, type Stanza } from "./apt-stanza.ts";
import { repairApt } from "./apt-repair.ts";
import { suitesOf, type SetPackage } from "./apt-suites.ts";
import { changesOf, prepareSwitch, switchTo, type Switch } from "./apt-switch.ts";
import { aptYank } from "./apt-yank.ts";
import {
  assertSpace,
  assertWritable,
  copyChecked,
  joinOutcomes,
  type Change,
  type Intent,
  noticeUnsigned,
  type Outcome,
  type Placed,
  type Publisher,
  type PublishOptions,
  withPlace,
} from "./publisher.ts";

/** Bytes to reserve for the indices of a suite, in addition to the packages. */
const indexSpace = 4e6;

/**
 * `--to apt=DIR`: a repository for any web server, with a suite for each distribution and a component
 * for each line and variant. Files are staged in a folder inside, then renamed in an order in which
 * readers of a suite see either its old state or the new one. Files of the previous state stay for
 * readers that are still fetching it.
 */
export const apt: Publisher = { kind: "apt", place: "DIR", preview, check, publish, yank: aptYank, repair: repairApt };

function preview(set: ReleaseSet): readonly Placed[] {
  const packages = suitesOf(set).flatMap((suite) => suite.packages.map(({ name, filename }) => ({ name, to: filename })));
  return [...packages, { name: sbomAsset(set).name, to: sbomPath(set) }];
}

async function check(set: ReleaseSet, place: string, options: PublishOptions): Promise<Intent> {
  await assertOwn(place);
  await assertXz(options);
  // Not while another publish replaces what is read here.
  const { suites, intent } = await withPlace(place, options.host, async () => {
    const works = await prepare(set, place, options);
    return { suites: works, intent: await intentOf(works, set, place, options) };
  });
  for (const { state } of suites) await assertParts(state.suite.name, place);
  await assertWritable(join(place, dirname(sbomPath(set))));
  await assertSpace(place, sumOfSizes(suites.flatMap((suite) => suite.lacking)) + suites.length * indexSpace);
  return intent;
}

/** A suite, the packages that are staged for it, and the state that it is to have. */
interface Work extends Examined {
  /** Those that it lacks, read from their control files. */
  readonly read: readonly Stanza[];
  /** What it is to offer, by path. */
  readonly names: ReadonlySet<string>;
  readonly next: Switch;
}

/** Makes the new state of each suite in memory. */
async function prepare(set: ReleaseSet, place: string, options: PublishOptions): Promise<readonly Work[]> {
  const works: Work[] = [];
  for (const one of await examine(set, place, options)) {
    const { state, packages, lacking } = one;
    const read: Stanza[] = [];
    for (const file of lacking) read.push(await readOwn(file, options.host));
    const standing = new Set(state.standing.map((stanza) => stanza.filename));
    const added = read.filter((stanza) => !standing.has(stanza.filename));
    const stanzas = await keepNewest([...state.standing, ...added], packages, options);
    const next = await prepareSwitch({ stanzas, yanked: state.yanked }, state, options);
    works.push({ ...one, read, names: new Set(stanzas.map((stanza) => stanza.filename)), next });
  }
  return works;
}

/** What becomes of each file of the repository. */
async function intentOf(works: readonly Work[], set: ReleaseSet, place: string, options: PublishOptions): Promise<Intent> {
  const files = new Map<string, Change>();
  // What one suite writes is there for the next.
  const add = (name: string, change: Change) => void files.set(name, files.get(name) ?? change);
  for (const { packages, names, next, state } of works) {
    for (const { filename: name, size, sha256 } of packages) {
      if (!names.has(name)) continue;
      const change = await changeAt(name, { size, sha256: async () => sha256 }, place);
      add(name, change === "replaced" || (change === "new" && state.live?.stanzas.has(name) === true) ? "repaired" : change);
    }
    for (const name of state.live?.stanzas.keys() ?? []) if (!names.has(name)) add(name, "dropped");
    add(sbomPath(set), await changeAt(sbomPath(set), bytesOf(sbomAsset(set).text), place));
    for (const { change, name } of await changesOf(next, options)) add(name, change);
  }
  const mark = await changeOfMark(
    place,
    works.map(({ state }) => state.suite.name),
  );
  add(mark.name, mark.change);
  return { files: [...files].map(([name, change]) => ({ change, name })), leftOut: leftOutOf(works, set) };
}

/** Packages that will not be offered, and files other than packages. */
function leftOutOf(works: readonly Work[], set: ReleaseSet): readonly LeftOut[] {
  const others = set.files
    .filter((file) => file.package === undefined)
    .map(({ name }) => ({ name, why: "not a Debian package" }));
  const dropped = works.flatMap(({ read, names }) => read.filter(({ filename }) => !names.has(filename)));
  return [...set.leftOut, ...others, ...dropped.map(({ filename }) => ({ name: filename, why: "dropped by --keep" }))];
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
  const works = await prepare(set, place, options);
  const staging = await stageFolder(join(place, "kovn"));
  try {
    // What can fail comes before the first suite changes.
    for (const { lacking } of works) await stagePackages(lacking, staging, options);
    const outcomes: Outcome[] = [];
    for (const work of works) outcomes.push(await publishSuite(work, [await stageSbom(set, staging)], staging, options));
    return { ...joinOutcomes(outcomes), leftOut: leftOutOf(works, set) };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Switches a suite to its new state, with the packages that are staged and the documents at these paths. */
async function publishSuite(
  { state, read, names, next }: Work,
  documents: readonly string[],
  staging: string,
  options: PublishOptions,
): Promise<Outcome> {
  const files = [...read.map((stanza) => stanza.filename).filter((name) => names.has(name)), ...documents];
  const { made, changed, replaced } = await switchTo(next, files, staging, options);
  const old = new Set(state.live?.stanzas.keys());
  const fresh = [...names].filter((name) => !old.has(name));
  // A package whose file was missing is not new: the index named it.
  const healed = made.filter((name) => old.has(name));
  return {
    added: [...fresh, ...made.filter((name) => !old.has(name) && !names.has(name))],
    removed: [...old].filter((name) => !names.has(name)),
    repaired: [...healed, ...changed.filter((name) => !fresh.includes(name))],
    replaced,
    leftOut: [],
  };
}

function sbomPath(set: ReleaseSet): string {
  return `sbom/${set.line}/${sbomAsset(set).name}`;
}

/** Reads a package of a set. Throws "digest" when it is not the one that `artifacts.json` names. */
async function readOwn(file: SetPackage, host: Host): Promise<Stanza> {
  const stanza = await readPackage(file.path, file, host);
  if (identity(stanza) === identity(file)) return stanza;
  throw new BuildError("digest", `${file.path} is not the package that artifacts.json names: ${nameOf(file)}.`);
}

/** Copies packages below `staging`. */
async function stagePackages(files: readonly SetPackage[], staging: string, { host }: PublishOptions): Promise<void> {
  await runTask(host, `copy ${count(files.length, "package")}`, async ({ task }) => {
    const onBytes = sayBytes(task, sumOfSizes(files));
    for (const { path, filename, sha256 } of files) await copyChecked(path, join(staging, filename), sha256, onBytes);
  });
}

async function stageSbom(set: ReleaseSet, staging: string): Promise<string> {
  const { text } = sbomAsset(set);
  const path = sbomPath(set);
  await mkdir(dirname(join(staging, path)), { recursive: true });
  await writeFile(join(staging, path), text, { flush: true });
  return path;
}
