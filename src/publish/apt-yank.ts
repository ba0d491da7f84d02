import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { assertTools } from "../sys/ftparchive.ts";
import { newestFirst } from "../sys/apt.ts";
import { removeStale, stagingOf } from "../sys/staging.ts";
import { keepNewest } from "./apt-index.ts";
import { findDamage } from "./apt-pool.ts";
import { assertOwn, assertParts, groupOf, readState, recordYanked, type State } from "./apt-state.ts";
import type { Stanza } from "./apt-suite.ts";
import { switchTo } from "./apt-switch.ts";
import { noSuchVersion, noticeUnsigned, type Outcome, type Yanker, type YankOptions, withPlace } from "./publisher.ts";

/**
 * Takes versions out of every suite of a repository. They are recorded first, so that the next run,
 * or the next publish, finishes a yank that was killed.
 */
export const aptYank: Yanker = { check, run };

async function check(versions: readonly string[], place: string, options: YankOptions): Promise<void> {
  await assertOwn(place);
  const states = await withPlace(place, options.host, () => readStates(place, options));
  const known = states.flatMap(({ live, yanked }) => [...(live?.stanzas.values() ?? []), ...yanked]);
  const there = [...new Set(known.map((stanza) => stanza.version))];
  const absent = versions.filter((version) => !there.includes(version));
  if (absent.length > 0) throw noSuchVersion(place, absent, await newestFirst(there, options));
  await assertTools(options);
  for (const { line } of states) await assertParts(line, place);
}

async function run(versions: readonly string[], place: string, options: YankOptions): Promise<Outcome> {
  return withPlace(place, options.host, async () => {
    await removeStale(join(place, "kovn"));
    noticeUnsigned(place, options);
    const [added, removed, repaired]: [string[], string[], string[]] = [[], [], []];
    for (const { line } of await readStates(place, options)) {
      const outcome = await yankLine(versions, line, place, options);
      added.push(...outcome.added);
      removed.push(...outcome.removed);
      repaired.push(...outcome.repaired);
    }
    return { added, removed, repaired, leftOut: [] };
  });
}

async function yankLine(versions: readonly string[], line: string, place: string, options: YankOptions) {
  const before = await readState(line, place, options);
  const found = before.standing.filter((stanza) => versions.includes(stanza.version));
  if (found.length > 0) await recordYanked(found, before, place);
  const state = await readState(line, place, options);
  await reportDamage(state, place, options);
  const staging = stagingOf(join(place, "kovn"));
  try {
    const stanzas = await keepNewest(state.standing, { ...options, keep: undefined });
    const { repaired } = await switchTo({ stanzas, files: [] }, state, place, staging, options);
    const old = new Set(state.live?.stanzas.keys());
    const names = new Set(stanzas.map((stanza) => stanza.filename));
    reportGaps(found, stanzas, line, options);
    return {
      added: [...names].filter((name) => !old.has(name)),
      removed: [...old].filter((name) => !names.has(name)),
      repaired,
    };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** The state of each suite that has one. */
async function readStates(place: string, options: YankOptions): Promise<readonly State[]> {
  const lines: string[] = await readdir(join(place, "dists")).catch(() => []);
  const states = await Promise.all(lines.toSorted().map((line) => readState(line, place, options)));
  return states.filter(({ live }) => live !== undefined);
}

/** Reports packages that have no version left. */
function reportGaps(found: readonly Stanza[], left: readonly Stanza[], line: string, { host }: YankOptions): void {
  const groups = new Set(left.map(groupOf));
  for (const stanza of found)
    if (!groups.has(groupOf(stanza)))
      host.task.notice(
        `Suite ${line} has no version of ${stanza.package} (${stanza.architecture}) left: publish an earlier build again.`,
      );
}

/** A version is taken out anyway: that may be urgent. */
async function reportDamage({ standing }: State, place: string, { host }: YankOptions): Promise<void> {
  for (const [path, flaw] of await findDamage(standing, place, host))
    host.task.notice(`${join(place, path)} ${flaw}. Publish its build again, or take this version out as well.`);
}
