import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { listOf } from "../list.ts";
import { sha256 } from "../sys/files.ts";
import { removeStale, stagingOf } from "../sys/staging.ts";
import { count } from "../sys/text.ts";
import { assertXz } from "../sys/xz.ts";
import { assertOwn, assertParts, listSuites } from "./apt-own.ts";
import { isValid } from "./apt-paragraph.ts";
import { findDamage } from "./apt-pool.ts";
import { findWhole, readPool } from "./apt-recover.ts";
import { readPrevious, type State } from "./apt-state.ts";
import type { Stanza } from "./apt-stanza.ts";
import { prepareSwitch, switchTo } from "./apt-switch.ts";
import { isSignedSuite, suitePlace } from "./apt-trust.ts";
import { noticeUnsigned, type Outcome, withPlace, type YankOptions } from "./publisher.ts";

/** A suite as it will be: from a state that is vouched for, or else from the packages in its pool. */
interface Plan extends State {
  readonly isVouched: boolean;
}

/**
 * `publish --repair apt=DIR`: makes the state of every suite whole again. What a signature of the
 * key vouches for is signed again. Where no such state is left, the packages in the pool are listed,
 * and signed when a person accepts exactly that list. Throws "destination" with the list.
 */
export async function repairApt(place: string, accept: string | undefined, options: YankOptions): Promise<Outcome> {
  await assertOwn(place);
  await assertXz(options);
  return withPlace(place, options.host, async () => {
    await removeStale(join(place, "kovn"));
    const known = [...((await listSuites(place)) ?? []), ...(await readdir(join(place, "dists")).catch(() => []))];
    const names = [...new Set(known)].filter((name) => isValid("name", name)).toSorted();
    const plans: Plan[] = [];
    for (const name of names) plans.push(await planRepair(name, place, options));
    assertAccepted(plans, accept, place, options);
    noticeUnsigned(place, options);
    const repaired: string[] = [];
    for (const plan of plans) repaired.push(...(await repairSuite(plan, options)));
    return { added: [], removed: [], repaired, leftOut: [] };
  });
}

async function planRepair(name: string, place: string, options: YankOptions): Promise<Plan> {
  const suite = suitePlace(name, place, options);
  if (options.signer === undefined && (await isSignedSuite(suite)))
    throw new BuildError("usage", `Suite ${name} of ${place} is signed: give a key.`, { hint: "--sign KEY" });
  await assertParts(name, place);
  const pool = await readPool(suite, options);
  const live = await findWhole(suite, pool, options);
  const past = await readPrevious(suite, live, options);
  const standing = live === undefined ? pool : [...live.stanzas.values()];
  return { suite, live, ...past, standing, yanked: live?.yanked ?? [], isVouched: live !== undefined };
}

function assertAccepted(plans: readonly Plan[], accept: string | undefined, place: string, { signer }: YankOptions): void {
  const open = plans.filter(({ isVouched, standing }) => !isVouched && standing.length > 0);
  if (signer === undefined || open.length === 0) return;
  const rows = open.flatMap(({ standing, previous }) => standing.map((stanza) => describe(stanza, previous?.stanzas)));
  const id = sha256(rows.join("\n")).slice(0, 16);
  if (accept === id) return;
  throw new BuildError(
    "destination",
    `No state of ${place} that key ${signer.primary} signed is whole. Nothing vouches for ${count(rows.length, "package")} in its pool:\n  ${listOf(rows, "\n  ")}`,
    {
      hint: `remove those that are not yours; then sign the rest: kovn-build publish --repair apt=${place} --sign ${signer.fingerprint} --accept ${id}`,
    },
  );
}

function describe({ filename, sha256: digest }: Stanza, before: ReadonlyMap<string, Stanza> | undefined): string {
  return `${digest}  ${filename}${before?.get(filename)?.sha256 === digest ? " (signed in the state before)" : ""}`;
}

async function repairSuite(plan: Plan, options: YankOptions): Promise<readonly string[]> {
  const { suite, standing, yanked, live, isVouched } = plan;
  if (standing.length === 0 && live === undefined) return [];
  const staging = stagingOf(join(suite.place, "kovn"));
  try {
    const next = await prepareSwitch({ stanzas: standing, yanked }, plan, options);
    const { made, changed, replaced } = await switchTo(next, [], staging, options);
    const damage = [...(await findDamage(standing, suite.place, options.host))];
    if (damage.length > 0)
      options.host.task.notice(
        `Publish the builds of these packages again: ${listOf(damage.map(([path, flaw]) => `${path} ${flaw}`))}.`,
      );
    const suiteName = join("dists", suite.name);
    if (isVouched && live !== undefined && made.length + changed.length + replaced.length > 0)
      options.host.task.notice(
        `Suite ${suite.name} has its state of ${new Date(live.date).toISOString()} again: ${count(standing.length, "package")}.`,
      );
    return isVouched ? [...made, ...changed, ...replaced] : [suiteName, ...standing.map((stanza) => stanza.filename)];
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
