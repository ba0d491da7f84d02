import { join } from "node:path";
import { lockName, type Lock, type LockedBase, type LockedSource } from "../config/lock.ts";
import type { Patch } from "../config/patch.ts";
import type { Source } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import { sortKeys } from "../order.ts";
import { picksOf, shortId } from "../plan/picks.ts";
import { baseId, declaredBases, describeBase, packagingOf, packagingSeries, type Base } from "../plan/base.ts";
import { patchId } from "../sys/git.ts";
import { readBytes } from "../sys/read-file.ts";
import { runTask } from "../sys/run-task.ts";
import { withScratch } from "../sys/with-scratch.ts";
import { makeRecord } from "../record.ts";
import { writeWhole } from "../sys/write-whole.ts";
import { checkoutPatched, describeWork, type Patched } from "./apply.ts";
import { fetchBase, type MirrorOptions } from "./mirror.ts";

/**
 * How a source's series and those of its packaging differ from its lock, one sentence per
 * difference; empty when they match.
 */
export function lockDifferences(source: Source, locked: LockedSource | undefined): readonly string[] {
  if (locked === undefined) return [`Source \`${source.name}\` is not locked.`];
  const names = new Set([...Object.keys(source.packaging), ...Object.keys(locked.packaging)]);
  const packaging = [...names].map(
    (name) => [`\`packaging/${name}\``, source.packaging[name] ?? [], locked.packaging[name] ?? []] as const,
  );
  const pairs = [["the patches", source.patches, locked.patches] as const, ...packaging];
  const differences = new Set(pairs.flatMap(([shown, now, then]) => seriesDifferences(shown, now, then, "the lock")));
  if (differences.size > 0) return [...differences];
  const bases = declaredBases(source).flatMap((base) => baseDifferences(source, base, locked.bases[baseId(base)]));
  if (bases.length > 0) return bases;
  return source.revision === locked.revision ? [] : [`The revision is ${source.revision}, but the lock has ${locked.revision}.`];
}

type Listed = readonly Pick<Patch, "name" | "sha256">[];

/** How a series differs from what it was at `since`, one sentence per difference. `shown` names its patches. */
export function seriesDifferences(shown: string, current: Listed, before: Listed, since: string): readonly string[] {
  const now = new Map(current.map((patch) => [patch.name, patch.sha256]));
  const then = new Map(before.map((patch) => [patch.name, patch.sha256]));
  const added = [...now.keys()].filter((name) => !then.has(name)).map((name) => `Patch \`${name}\` was added since ${since}.`);
  const dropped = [...then.keys()]
    .filter((name) => !now.has(name))
    .map((name) => `Patch \`${name}\` was dropped since ${since}.`);
  const changed = [...now].filter(([name, sha256]) => then.has(name) && then.get(name) !== sha256);
  const differences = [...added, ...dropped, ...changed.map(([name]) => `Patch \`${name}\` was changed since ${since}.`)];
  if (differences.length > 0 || [...now.keys()].join() === [...then.keys()].join()) return differences;
  return [`The order of ${shown} was changed since ${since}.`];
}

function baseDifferences(source: Source, base: Base, locked: LockedBase | undefined): readonly string[] {
  if (locked === undefined) return [];
  const picks = pickDifferences(base, locked);
  if (picks.length > 0) return picks;
  const now = packagingOf(source, base).length === 0 ? undefined : packagingSeries(source, base);
  const then = locked.packaged?.series;
  if (now === then) return [];
  const [current, before] = [now, then].map((name) => (name === undefined ? "none" : `\`packaging/${name}\``));
  return [`The packaging series of ${describeBase(base)} is ${current}, but the lock has ${before}.`];
}

function pickDifferences(base: Base, { picks = [] }: LockedBase): readonly string[] {
  const current = picksOf(base);
  const has = (list: readonly { readonly commit: string }[], commit: string) => list.some((one) => one.commit === commit);
  const withoutOf = (list: LockedBase["picks"] | typeof current, commit: string) =>
    list?.find((one) => one.commit === commit)?.without.join(" ");
  const kept = current.filter(({ commit }) => has(picks, commit));
  const differences = [
    ...current.filter(({ commit }) => !has(picks, commit)).map((pick) => `Pick \`${shortId(pick)}\` was added since the lock.`),
    ...picks.filter(({ commit }) => !has(current, commit)).map((pick) => `Pick \`${shortId(pick)}\` was dropped since the lock.`),
    ...kept
      .filter(({ commit, without }) => withoutOf(picks, commit) !== without.join(" "))
      .map((pick) => `\`without\` of pick \`${shortId(pick)}\` was changed since the lock.`),
  ];
  if (differences.length > 0 || current.map((one) => one.commit).join() === picks.map((one) => one.commit).join())
    return differences;
  return ["The order of the picks was changed since the lock."];
}

/** Throws "project" when a source's series does not match its lock. `otherwise` ends the hint. */
export function assertLocked(source: Source, locked: LockedSource | undefined, otherwise: string): void {
  const differences = lockDifferences(source, locked);
  if (differences.length === 0) return;
  throw new BuildError(
    "project",
    [`${lockName(source.line)}: the series of \`${source.name}\` does not match the lock.`, ...differences].join("\n"),
    { hint: `kovn-build patches lock --line ${source.line}, ${otherwise}` },
  );
}

/** How to try a series. */
export interface TryOptions extends MirrorOptions {
  /** Patches that were left out of the series, which others may need. */
  readonly gone?: readonly Patch[];
}

/**
 * Applies a source's picks, series and packaging patches to a base in a temporary folder and returns the
 * result. Throws "network" and "patch".
 */
export async function tryBase(source: Source, base: Base, options: TryOptions): Promise<Patched> {
  const fetched = await fetchBase(base, options);
  const packaging = packagingOf(source, base);
  const to = base.kind === "git" ? base.commit.slice(0, 12) : base.version;
  const title = `${source.name}: apply ${describeWork(source, fetched, packaging)} to ${to}`;
  return withScratch(options.work, "try", options.host, async (dir) =>
    runTask(options.host, title, async (host) =>
      checkoutPatched(source, fetched, join(dir, "src"), host, packaging, options.gone),
    ),
  );
}

/**
 * Makes the lock of a source. `patched` has the results for the available bases; for other bases it
 * keeps what the old lock has, if the series is unchanged. Throws "project" when the series changed
 * but `revision` was not raised, because a package version must mean one content.
 */
export async function lockSource(
  source: Source,
  old: LockedSource | undefined,
  patched: ReadonlyMap<Base, Patched>,
  { host }: MirrorOptions,
): Promise<LockedSource> {
  const unchanged = old !== undefined && lockDifferences({ ...source, revision: old.revision }, old).length === 0;
  if (old !== undefined && !unchanged && source.revision <= old.revision) {
    throw new BuildError("project", `The series of \`${source.name}\` changed, but its revision is still ${source.revision}.`, {
      hint: `set \`revision: ${old.revision + 1}\` in source.yaml`,
    });
  }
  const lockPatches = (patches: readonly Patch[]) =>
    Promise.all(
      patches.map(async ({ name, path, sha256 }) => ({
        name,
        sha256,
        patchId: await patchId(await readBytes(path, "a patch"), { host }),
      })),
    );
  const packaging = Object.entries(source.packaging).map(async ([name, patches]) => [name, await lockPatches(patches)] as const);
  const results = [...patched].map(([base, result]) => [baseId(base), lockBase(source, base, result)] as const);
  return {
    revision: source.revision,
    patches: await lockPatches(source.patches),
    packaging: makeRecord(await Promise.all(packaging)),
    bases: { ...(unchanged ? old.bases : {}), ...makeRecord(results) },
  };
}

function lockBase(source: Source, base: Base, { commit, tree, picks, packaged }: Patched): LockedBase {
  return {
    commit,
    tree,
    ...(picks.length === 0 ? {} : { picks: picks.map((pick) => ({ ...pick, without: [...pick.without] })) }),
    ...(packaged === undefined ? {} : { packaged: { series: packagingSeries(source, base), ...packaged } }),
  };
}

/** Writes a lock, with sources and bases sorted by name so that diffs stay small. */
export async function writeLock(path: string, lock: Lock): Promise<void> {
  const sources = makeRecord(
    Object.entries(sortKeys(lock.sources)).map(([name, source]) => [name, { ...source, bases: sortKeys(source.bases) }]),
  );
  await writeWhole(path, `${JSON.stringify({ schema: 1, sources }, undefined, 2)}\n`);
}
