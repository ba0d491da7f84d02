import { unknownName } from "../config/names.ts";
import { pickLine, readLines } from "../config/lines.ts";
import type { Project } from "../config/project.ts";
import { readSeed, type SeedEntry } from "../config/seed.ts";
import { readSources, type Source } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { nameOf, type Check, type Subject } from "./check.ts";
import type { Claim } from "./prove.ts";

/** Which checks are asked for. */
export interface ClaimOptions {
  /** Release line; the default line if undefined. */
  readonly line?: string;
  /** Names of checks (numbers of entries, names of patches, picks); none for all. */
  readonly checks: readonly string[];
  /** Only checks of this source; its programs must be there. */
  readonly only?: string;
}

/** A check of a line: to run, or, with the reason in `absent`, for what the line does not carry. */
export type TitledClaim = Claim & { readonly title: string; readonly absent?: string };

/**
 * Reads what a line claims: one check for each entry of the seed, then one for each patch that
 * belongs to none, and for picks, also of what only another line carries. Throws "usage" for a check
 * or source that there is not.
 */
export async function readClaims(
  { line: asked, checks: names, only }: ClaimOptions,
  checks: readonly Check[],
  project: Project,
  host: Host,
): Promise<readonly TitledClaim[]> {
  const line = await pickLine(project, asked);
  const seed = await readSeed(project);
  const sources = await readSources(project, line, host);
  const own = checks.map((check) => claimOf(check, seed, sources) ?? absentEntry(check, line, seed, sources));
  const others = own.includes(undefined) ? await otherSources(project, line, host) : [];
  const claims = own.flatMap((claim, index) => claim ?? absentPart(checks[index], line, others) ?? []);
  const known = claims.map(({ check }) => nameOf(check));
  for (const name of names) if (!known.includes(name)) throw unknownName("Check", name, known);
  const shown = sources.map((source) => source.name);
  if (only !== undefined && !shown.includes(only)) throw unknownName("Source", only, shown);
  const wanted = claims.filter(
    ({ check, source }) => (names.length === 0 || names.includes(nameOf(check))) && (only === undefined || source === only),
  );
  if (wanted.length === 0) throw new BuildError("usage", `None of the checks ${names.join(", ")} belongs to \`${only}\`.`);
  return wanted;
}

type Found = Pick<TitledClaim, "seed" | "source" | "title">;

/** The claim of a check; undefined if the line does not carry what it is about. */
function claimOf(check: Check, seed: readonly SeedEntry[], sources: readonly Source[]): TitledClaim | undefined {
  const found = "entry" in check ? findEntry(check.entry, seed) : findPart(check, sources);
  const source = sources.find((one) => one.name === found?.source);
  if (found === undefined || source === undefined || whyWithout(found, source) !== undefined) return undefined;
  return { check, version: source.version, patches: source.patches, ...found };
}

function findEntry(number: number, seed: readonly SeedEntry[]): (Found & { readonly seed: string }) | undefined {
  const entry = seed.find((one) => one.entry === number);
  return entry && { seed: entry.commit.slice(0, 10), source: entry.source, title: entry.title };
}

/** The patch or pick that a check is about. */
function findPart(subject: Exclude<Subject, { readonly entry: number }>, sources: readonly Source[]): Found | undefined {
  const found = sources.flatMap(({ name, patches, picks }) => {
    const title =
      "patch" in subject
        ? patches.find((patch) => (subject.source ?? name) === name && patch.name === `${subject.patch}.patch`)?.subject
        : picks.find(({ commit }) => commit.startsWith(subject.pick))?.why;
    return title === undefined ? [] : [{ seed: undefined, source: name, title }];
  });
  return found[0];
}

/** Why a source is without an entry of the seed; undefined if it has it, or must have it. */
function whyWithout({ seed: id }: Found, { patches, merged, dropped, seed }: Source): string | undefined {
  const reason = dropped.find((one) => one.seed === id);
  if (reason !== undefined) return `since ${reason.since}: ${reason.why}`;
  const isThere = [...patches, ...merged].some((one) => one.seed === id);
  return id === undefined || isThere || seed !== "optional" ? undefined : "it need not account for the seed";
}

/** The claim of a check for an entry of the seed that the line is without. */
function absentEntry(
  check: Check,
  line: string,
  seed: readonly SeedEntry[],
  sources: readonly Source[],
): TitledClaim | undefined {
  const found = "entry" in check ? findEntry(check.entry, seed) : undefined;
  if (found === undefined) return undefined;
  const source = sources.find((one) => one.name === found.source);
  const why = source === undefined ? `it has no source ${found.source}` : whyWithout(found, source);
  return { check, version: "", patches: [], ...found, absent: `line ${line} does not carry it (${why})` };
}

/** The claim of a check for a patch or pick that only other lines have; undefined if none has it. */
function absentPart(check: Check | undefined, line: string, others: readonly Source[]): TitledClaim | undefined {
  const found = check === undefined || "entry" in check ? undefined : findPart(check, others);
  if (check === undefined || found === undefined) return undefined;
  return { check, version: "", patches: [], ...found, absent: `line ${line} does not carry it` };
}

/** The sources of all other lines that can be read. */
async function otherSources(project: Project, line: string, host: Host): Promise<readonly Source[]> {
  const { all } = await readLines(project);
  const others = all.filter(({ name }) => name !== line);
  const read = others.map(async ({ name }) =>
    readSources(project, name, host).catch((error: unknown) => {
      if (error instanceof BuildError && error.code === "project") return [];
      throw error;
    }),
  );
  return (await Promise.all(read)).flat();
}
