import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import { sbomAsset } from "../set/assets.ts";
import type { ReleaseSet } from "../set/set.ts";
import type { Host } from "../sys/exec.ts";
import { removeStale, stageFolder } from "../sys/staging.ts";
import { makeFolders } from "../sys/sync.ts";
import { runTask } from "../sys/run-task.ts";
import { sayBytes, sumOfSizes } from "../sys/say-bytes.ts";
import { count } from "../sys/text.ts";
import { assertXz } from "../sys/xz.ts";
import { examine, type Examined } from "./apt-examine.ts";
import { keepNewest } from "./apt-index.ts";
import { assertOwn, assertParts, markOwn } from "./apt-own.ts";
import { readPackage } from "./apt-package.ts";
import { identity, nameOf, type Stanza } from "./apt-stanza.ts";
import { repairApt } from "./apt-repair.ts";
import { suitesOf, type SetPackage } from "./apt-suites.ts";
import { switchTo } from "./apt-switch.ts";
import { aptYank } from "./apt-yank.ts";
import {
  assertSpace,
  assertWritable,
  copyChecked,
  joinOutcomes,
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

async function check(set: ReleaseSet, place: string, options: PublishOptions): Promise<void> {
  await assertOwn(place);
  // Not while another publish replaces what is read here.
  const suites = await withPlace(place, options.host, () => examine(set, place, options));
  await assertXz(options);
  const lacking = suites.flatMap((suite) => suite.lacking);
  for (const file of lacking) await readOwn(file, options.host);
  for (const { state } of suites) await assertParts(state.suite.name, place);
  await assertWritable(join(place, dirname(sbomPath(set))));
  await assertSpace(place, sumOfSizes(lacking) + suites.length * indexSpace);
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
  const suites = await examine(set, place, options);
  const staging = await stageFolder(join(place, "kovn"));
  try {
    // What can fail comes before the first suite changes.
    const staged = new Map<Examined, readonly Stanza[]>();
    for (const suite of suites) staged.set(suite, await stagePackages(suite.lacking, staging, options));
    const outcomes: Outcome[] = [];
    for (const [suite, packages] of staged) {
      const documents = [await stageSbom(set, staging)];
      outcomes.push(await publishSuite(suite, { packages, documents }, staging, options));
    }
    const { leftOut, ...changes } = joinOutcomes(outcomes);
    const others = set.files
      .filter((file) => file.package === undefined)
      .map(({ name }) => ({ name, why: "not a Debian package" }));
    return { ...changes, leftOut: [...set.leftOut, ...others, ...leftOut] };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** What is staged for a suite. */
interface Staged {
  readonly packages: readonly Stanza[];
  /** Paths of further files. */
  readonly documents: readonly string[];
}

/** Switches a suite to the state with the staged packages. */
async function publishSuite(
  { state, packages: own }: Examined,
  { packages, documents }: Staged,
  staging: string,
  options: PublishOptions,
): Promise<Outcome> {
  const standing = new Set(state.standing.map((stanza) => stanza.filename));
  const added = packages.filter((stanza) => !standing.has(stanza.filename));
  const stanzas = await keepNewest([...state.standing, ...added], own, options);
  const names = new Set(stanzas.map((stanza) => stanza.filename));
  const files = [...packages.map((stanza) => stanza.filename).filter((name) => names.has(name)), ...documents];
  const { made, changed, replaced } = await switchTo({ stanzas, yanked: state.yanked, files }, state, staging, options);
  const old = new Set(state.live?.stanzas.keys());
  const fresh = [...names].filter((name) => !old.has(name));
  // A package whose file was missing is not new: the index named it.
  const healed = made.filter((name) => old.has(name));
  const dropped = added.map((stanza) => stanza.filename).filter((name) => !names.has(name));
  return {
    added: [...fresh, ...made.filter((name) => !old.has(name) && !names.has(name))],
    removed: [...old].filter((name) => !names.has(name)),
    repaired: [...healed, ...changed.filter((name) => !fresh.includes(name))],
    replaced,
    leftOut: dropped.map((name) => ({ name, why: "dropped by --keep" })),
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
async function stagePackages(
  files: readonly SetPackage[],
  staging: string,
  { host }: PublishOptions,
): Promise<readonly Stanza[]> {
  return runTask(host, `copy ${count(files.length, "package")}`, async ({ task, ...rest }) => {
    const onBytes = sayBytes(task, sumOfSizes(files));
    const stanzas: Stanza[] = [];
    for (const file of files) {
      const stanza = await readOwn(file, { ...rest, task });
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
