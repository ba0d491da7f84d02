import { pastNames } from "./apt-clean.ts";
import { listSuites } from "./apt-own.ts";
import type { Stanza } from "./apt-stanza.ts";
import { damaged, type Suite } from "./apt-suite.ts";
import { readLive, readPast, suitePlace, type Live, type SuitePlace } from "./apt-trust.ts";
import type { YankOptions } from "./publisher.ts";

/** What a suite offers, offered before, and never offers again. */
export interface State {
  readonly suite: SuitePlace;
  /** What readers see now. */
  readonly live: Live | undefined;
  readonly previous: Live | undefined;
  /** True when a killed run had made the live state the previous one as well. */
  readonly isRotated: boolean;
  readonly yanked: readonly Stanza[];
  /** What the suite offers. */
  readonly standing: readonly Stanza[];
}

/** Reads the state of a suite. Throws as `readLive` does. */
export async function readState(name: string, place: string, options: YankOptions): Promise<State> {
  const suite = suitePlace(name, place, options);
  const live = await readLive(suite, options);
  if (live === undefined && (await listSuites(place))?.includes(name) === true)
    throw damaged(`${suite.dir} has neither InRelease nor Release, and it had one.`, suite);
  const past = await readPrevious(suite, live, options);
  return { suite, live, ...past, yanked: live?.yanked ?? [], standing: [...(live?.stanzas.values() ?? [])] };
}

/** Reads the state before the live one; a killed run may have moved it on already. */
export async function readPrevious(
  suite: SuitePlace,
  live: Suite | undefined,
  options: YankOptions,
): Promise<Pick<State, "previous" | "isRotated">> {
  const previous = await readPast(suite, pastNames.previous, options);
  const stale = previous?.text === live?.text ? await readPast(suite, pastNames.stale, options) : undefined;
  return { previous: stale ?? previous, isRotated: stale !== undefined };
}
