import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { listOf } from "../list.ts";
import type { ReleaseSet } from "../set/set.ts";
import { keepNewest } from "./apt-index.ts";
import { findDamage, notFile } from "./apt-pool.ts";
import { assertOneContent, identity, nameOf, type Stanza, type Versioned } from "./apt-stanza.ts";
import { readState, type State } from "./apt-state.ts";
import { suitesOf, type SetPackage, type SuiteSet } from "./apt-suites.ts";
import type { PublishOptions } from "./publisher.ts";

/** A suite as it is, and the packages of the set for it. */
export interface Examined extends Pick<SuiteSet, "packages"> {
  readonly state: State;
  /** Those that the suite lacks. */
  readonly lacking: readonly SetPackage[];
}

/**
 * Reads the state of each suite of the set and every package of it. Finds the packages that it
 * lacks, also those whose file is missing or altered. Throws "destination" for a version that it
 * has with different bytes or that was taken out, and for a damaged package that is not in the set.
 */
export async function examine(set: ReleaseSet, place: string, options: PublishOptions): Promise<readonly Examined[]> {
  const suites = suitesOf(set);
  if (suites.length === 0) throw new BuildError("usage", "The artifacts contain no Debian package.");
  const examined: Examined[] = [];
  for (const suite of suites) examined.push(await examineSuite(suite, place, options));
  return examined;
}

async function examineSuite({ suite, packages }: SuiteSet, place: string, options: PublishOptions): Promise<Examined> {
  const state = await readState(suite, place, options);
  for (const one of packages) assertUnchanged(one, state, place);
  assertDistinct(packages);
  const damage = await findDamage(state.standing, place, options.host);
  const standing = new Set(state.standing.map((stanza) => stanza.filename));
  const lacking = packages.filter(({ filename }) => !standing.has(filename) || damage.has(filename));
  const fresh = lacking.filter(({ filename }) => !standing.has(filename));
  const next = await keepNewest<Versioned>([...state.standing, ...fresh], packages, options);
  const ours = new Set(packages.map(({ filename }) => filename));
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
  return { state, packages, lacking };
}

function assertDistinct(packages: readonly SetPackage[]): void {
  const seen = new Map<string, SetPackage>();
  for (const one of packages) {
    assertOneContent(
      one,
      seen.get(identity(one)),
      (what) => new BuildError("usage", `These artifacts cannot be published: ${what}.`, { hint: "build them again" }),
    );
    seen.set(identity(one), one);
  }
}

function assertUnchanged(own: SetPackage, { live, previous, yanked }: State, place: string): void {
  const isSame = (stanza: Stanza) => identity(stanza) === identity(own) || stanza.filename === own.filename;
  const known = [...(live?.stanzas.values() ?? []), ...(previous?.stanzas.values() ?? []), ...yanked];
  const name = nameOf(own);
  const hint = "raise `revision` in source.yaml and build again: a published version never changes";
  const other = known.find((stanza) => isSame(stanza) && stanza.sha256 !== own.sha256);
  if (other !== undefined)
    throw new BuildError(
      "destination",
      `${place} has ${name} with different bytes: sha256 ${other.sha256}, and ${own.sha256} in ${own.path}.`,
      { hint },
    );
  if (yanked.some(isSame))
    throw new BuildError("destination", `${name} was taken out of ${place}, and does not come back.`, {
      hint: "raise `revision` in source.yaml and build again",
    });
}
