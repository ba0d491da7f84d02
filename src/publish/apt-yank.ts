import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { listOf } from "../list.ts";
import { sortBy } from "../order.ts";
import { newestFirst } from "../sys/apt.ts";
import { removeStale, stagingOf } from "../sys/staging.ts";
import { assertXz } from "../sys/xz.ts";
import { isValid } from "./apt-paragraph.ts";
import { assertOwn, assertParts } from "./apt-own.ts";
import { findDamage } from "./apt-pool.ts";
import { groupOf, type Stanza } from "./apt-stanza.ts";
import { readState, type State } from "./apt-state.ts";
import { prepareSwitch, switchTo } from "./apt-switch.ts";
import {
  joinOutcomes,
  noSuchVersion,
  noticeUnsigned,
  type Outcome,
  type Yanker,
  type YankOptions,
  withPlace,
} from "./publisher.ts";

/** Takes versions out of every suite of a repository. */
export const aptYank: Yanker = { check, run };

async function check(versions: readonly string[], place: string, options: YankOptions): Promise<void> {
  await assertOwn(place);
  const states = await withPlace(place, options.host, () => readStates(place, options));
  const known = states.flatMap(({ live, yanked }) => [...(live?.stanzas.values() ?? []), ...yanked]);
  const there = [...new Set(known.map((stanza) => stanza.version))];
  const absent = versions.filter((version) => !there.includes(version));
  if (absent.length > 0) throw noSuchVersion(place, absent, there.length > 100 ? there : await newestFirst(there, options));
  await assertXz(options);
  for (const { suite } of states) await assertParts(suite.name, place);
}

async function run(versions: readonly string[], place: string, options: YankOptions): Promise<Outcome> {
  return withPlace(place, options.host, async () => {
    await removeStale(join(place, "kovn"));
    noticeUnsigned(place, options);
    const outcomes: Outcome[] = [];
    for (const state of await readStates(place, options)) outcomes.push(await yankFrom(versions, state, options));
    return joinOutcomes(outcomes);
  });
}

async function yankFrom(versions: readonly string[], state: State, options: YankOptions): Promise<Outcome> {
  const { suite, standing, live } = state;
  const found = standing.filter((stanza) => versions.includes(stanza.version));
  const left = standing.filter((stanza) => !found.includes(stanza));
  await reportDamage(left, suite.place, options);
  const yanked = [...state.yanked, ...found];
  const returning = await findDropped(found, left, yanked, state, options);
  const staging = stagingOf(join(suite.place, "kovn"));
  try {
    const stanzas = sortBy([...left, ...returning], (stanza) => stanza.filename);
    const { changed } = await switchTo(await prepareSwitch({ stanzas, yanked }, state, options), [], staging, options);
    const old = new Set(live?.stanzas.keys());
    const names = new Set(stanzas.map((stanza) => stanza.filename));
    reportGaps(found, stanzas, suite.name, options);
    return {
      added: [...names].filter((name) => !old.has(name)),
      removed: [...old].filter((name) => !names.has(name)),
      repaired: changed,
      leftOut: [],
    };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Packages that come back: `--keep` dropped them for the last version that there was. */
async function findDropped(
  found: readonly Stanza[],
  left: readonly Stanza[],
  yanked: readonly Stanza[],
  { suite, previous }: State,
  { host }: YankOptions,
): Promise<readonly Stanza[]> {
  const groups = new Set(left.map(groupOf));
  const orphaned = new Set(found.map(groupOf).filter((group) => !groups.has(group)));
  const gone = new Set(yanked.map((stanza) => stanza.filename));
  const dropped = [...(previous?.stanzas.values() ?? [])].filter(
    (stanza) => orphaned.has(groupOf(stanza)) && !gone.has(stanza.filename),
  );
  const damage = await findDamage(dropped, suite.place, host);
  return dropped.filter((stanza) => !damage.has(stanza.filename));
}

/** The state of each suite that has one. */
async function readStates(place: string, options: YankOptions): Promise<readonly State[]> {
  const names: string[] = await readdir(join(place, "dists")).catch(() => []);
  const suites = names.filter((name) => isValid("name", name)).toSorted();
  const states = await Promise.all(suites.map((suite) => readState(suite, place, options)));
  return states.filter(({ live }) => live !== undefined);
}

/** Reports packages that have no version left. */
function reportGaps(found: readonly Stanza[], left: readonly Stanza[], suite: string, { host }: YankOptions): void {
  const groups = new Set(left.map(groupOf));
  for (const stanza of found)
    if (!groups.has(groupOf(stanza)))
      host.task.notice(
        `Suite ${suite} has no version of ${stanza.package} (${stanza.architecture}) left: publish an earlier build again.`,
      );
}

/** A version is taken out anyway: that may be urgent. */
async function reportDamage(stanzas: readonly Stanza[], place: string, { host }: YankOptions): Promise<void> {
  const damage = [...(await findDamage(stanzas, place, host))];
  if (damage.length === 0) return;
  const flaws = listOf(damage.map(([path, flaw]) => `${join(place, path)} ${flaw}`));
  host.task.notice(`${flaws}. Publish the builds again, or take these versions out as well.`);
}
