import { tmpdir } from "node:os";
import { join } from "node:path";
import { unknownName } from "../config/names.ts";
import { pickLine, type Project } from "../config/project.ts";
import { readSeed, type SeedEntry } from "../config/seed.ts";
import { readSources, type Source } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { runTask } from "../sys/run-task.ts";
import { withTempDir } from "../sys/with-temp-dir.ts";
import { nameOf, type Check, type Subject } from "./check.ts";
import { findPrograms } from "./programs.ts";
import { prove, type Claim, type Proof } from "./prove.ts";
import { checksFor } from "./registry.ts";
import { native, startWine } from "./runner.ts";

/** Which programs to run, and which checks to run. */
export interface ProveOptions {
  /**
   * Built programs, anywhere below: a build tree, unpacked packages, a folder of debs or zips, a
   * zip.
   */
  readonly programs: string;
  /** Unpatched programs to compare with. */
  readonly before?: string;
  /** Names of checks (numbers of entries, names of patches, picks); none for all. */
  readonly checks: readonly string[];
  /** Only checks of this source; its programs must be there. */
  readonly only?: string;
  /** `wine` runs Windows programs, in a Wine of their own. */
  readonly runner: "native" | "wine";
}

export interface ProveContext {
  readonly project: Project;
  readonly host: Host;
}

/**
 * Runs built programs and checks their behaviour: one check for each entry of the seed, then one
 * for each patch that belongs to none, and for picks. A failing program is a result; throws "usage" for wrong
 * options.
 */
export async function runChecks(options: ProveOptions, { project, host }: ProveContext): Promise<readonly Proof[]> {
  const isWine = options.runner === "wine";
  const checks = checksFor(isWine ? "windows" : "linux");
  const claims = await readClaims(options, checks, project, host);
  const names = { programs: checks.flatMap((check) => check.programs), files: checks.flatMap((check) => check.files) };
  return withTempDir(join(tmpdir(), "kovn-programs-"), async (work) => {
    const find = async (dir: string, name: string) => findPrograms(dir, names, join(work, name), host, isWine ? ".exe" : "");
    const after = await find(options.programs, "after");
    const before = options.before === undefined ? undefined : await find(options.before, "before");
    const start = async (below: Host) => startWine(join(work, "wine"), below);
    const runner = isWine ? await runTask(host, "start Wine", start) : native;
    const proofs: Proof[] = [];
    try {
      for (const [index, claim] of claims.entries()) {
        const common = { after, before, requirePrograms: options.only !== undefined, runner };
        const kind = (["entry", "patch", "pick"] as const).find((one) => one in claim.check) ?? "";
        const title = `prove ${kind} ${nameOf(claim.check)} (${index + 1} of ${claims.length}): ${claim.title}`;
        proofs.push(await runTask(host, title, async (below) => prove(claim, { ...common, host: below })));
      }
    } finally {
      await runner.end();
    }
    return proofs;
  });
}

type TitledClaim = Claim & { readonly title: string };

async function readClaims(
  { checks: asked, only }: ProveOptions,
  checks: readonly Check[],
  project: Project,
  host: Host,
): Promise<readonly TitledClaim[]> {
  const seed = await readSeed(project);
  const sources = await readSources(project, await pickLine(project, undefined), host);
  const claims = checks.flatMap((check) => makeClaim(check, seed, sources) ?? []);
  const names = claims.map(({ check }) => nameOf(check));
  for (const name of asked) if (!names.includes(name)) throw unknownName("Check", name, names);
  const known = sources.map((source) => source.name);
  if (only !== undefined && !known.includes(only)) throw unknownName("Source", only, known);
  const wanted = claims.filter(
    ({ check, source }) => (asked.length === 0 || asked.includes(nameOf(check))) && (only === undefined || source === only),
  );
  if (wanted.length === 0) throw new BuildError("usage", `None of the checks ${asked.join(", ")} belongs to \`${only}\`.`);
  return wanted;
}

/** The claim of a check; undefined if neither the seed nor the line has what it is about. */
function makeClaim(check: Check, seed: readonly SeedEntry[], sources: readonly Source[]): TitledClaim | undefined {
  const found = findSubject(check, seed, sources);
  const source = sources.find((one) => one.name === found?.source);
  if (found === undefined || source === undefined) return undefined;
  return { check, version: source.version, patches: source.patches, ...found };
}

function findSubject(
  subject: Subject,
  seed: readonly SeedEntry[],
  sources: readonly Source[],
): Pick<TitledClaim, "seed" | "source" | "title"> | undefined {
  if ("entry" in subject) {
    const entry = seed.find((one) => one.entry === subject.entry);
    return entry && { seed: entry.commit.slice(0, 10), source: entry.source, title: entry.title };
  }
  const titles = sources.flatMap(({ name, patches, picks }) => {
    const title =
      "patch" in subject
        ? patches.find((patch) => patch.name === `${subject.patch}.patch`)?.subject
        : picks.find(({ commit }) => commit.startsWith(subject.pick))?.why;
    return title === undefined ? [] : [{ seed: undefined, source: name, title }];
  });
  return titles[0];
}
