import { relative } from "node:path";
import type { Patch } from "../config/patch.ts";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { readText } from "../sys/read-file.ts";
import { nameOf, type Check, type SourceFile } from "./check.ts";
import { findSourceFile, type Programs } from "./programs.ts";
import type { Runner } from "./runner.ts";
import { withSandbox } from "./sandbox.ts";
import { describeObservation, judge, type Judgement, type Observation } from "./verdict.ts";

/** A check to run, with the patches of its source. */
export interface Claim {
  /** The seed's commit; undefined for a patch that belongs to no entry. */
  readonly seed: string | undefined;
  readonly source: string;
  /** The version of the source that the line pins. */
  readonly version: string;
  readonly check: Check;
  readonly patches: readonly Patch[];
}

/** The result of a check; the fields of `before` are set when there are programs to compare with. */
export interface Proof extends Judgement {
  /** The name of the check: the number of an entry of the seed, or the name of a patch or pick. */
  readonly check: string;
  /** The seed's commit; missing for a patch that belongs to no entry. */
  readonly seed?: string;
  /** The line does not carry what the check is about, so that it was not run. */
  readonly absent?: true;
  readonly before?: string;
  readonly beforeVerdict?: Judgement["verdict"];
  readonly after: string;
}

export interface ProveOptions {
  readonly after: Programs;
  readonly before: Programs | undefined;
  /** True when a check fails, instead of being skipped, if there is no program of its source. */
  readonly requirePrograms: boolean;
  readonly runner: Runner;
  readonly host: Host;
}

/**
 * Runs a check on the programs, and on those to compare with. A failing program is a
 * result, not an error.
 */
export async function prove(claim: Claim, { after, before, requirePrograms, runner, host }: ProveOptions): Promise<Proof> {
  const { say } = host.task;
  const absent = requirePrograms && !hasPrograms(claim, after);
  say(`on ${after.dir}`);
  const seen: Observation = absent
    ? { kind: "failed", reason: noProgram(claim, after) }
    : await observe(claim, after, runner, host);
  // The other programs were not built from this series.
  if (before !== undefined) say(`on ${before.dir}`);
  const compared = before === undefined ? undefined : await observe({ ...claim, patches: [] }, before, runner, host);
  return {
    check: nameOf(claim.check),
    ...(claim.seed === undefined ? {} : { seed: claim.seed }),
    ...(compared === undefined
      ? {}
      : { before: describeObservation(compared), beforeVerdict: judge(claim.check, compared, undefined).verdict }),
    after: describeObservation(seen),
    ...judge(claim.check, seen, compared),
  };
}

async function observe(claim: Claim, programs: Programs, runner: Runner, host: Host): Promise<Observation> {
  const { check, version } = claim;
  if (!hasPrograms(claim, programs)) return { kind: "skipped", reason: noProgram(claim, programs) };
  const missing = [...check.programs, ...check.files].filter((name) => programs.paths[name] === undefined);
  if (missing.length > 0) return { kind: "failed", reason: `there is no ${missing.join(", ")} below ${programs.dir}` };
  const readSource = (path: string) => sourceOf(claim, programs, path);
  try {
    const answer = await withSandbox(programs, runner, host, async (sandbox) =>
      check.observe({ programs, sandbox, version, readSource }),
    );
    return "skipped" in answer ? { kind: "skipped", reason: answer.skipped } : { kind: "seen", facts: answer };
  } catch (error) {
    host.signal.throwIfAborted();
    if (!(error instanceof BuildError)) throw error;
    return { kind: "failed", reason: error.message };
  }
}

function hasPrograms({ source }: Claim, { executables }: Programs): boolean {
  return [...executables].some((name) => name.startsWith(source));
}

function noProgram({ source }: Claim, { dir }: Programs): string {
  return `no program of ${source} below ${dir}`;
}

async function sourceOf(claim: Claim, programs: Programs, path: string): Promise<SourceFile | undefined> {
  const file = await findSourceFile(programs, claim.source, path);
  if (file !== undefined) return { where: relative(programs.root, file), text: await readText(file, "a source file") };
  const added = await Promise.all(
    claim.patches.map(async (patch) => ({ name: patch.name, lines: addedTo(path, await readText(patch.path, "a patch")) })),
  );
  const touching = added.filter(({ lines }) => lines.length > 0);
  if (touching.length === 0) return undefined;
  const where = `${path} (added by ${touching.map(({ name }) => name).join(", ")})`;
  return { where, text: touching.flatMap(({ lines }) => lines).join("\n") };
}

/** Lines that a patch adds to a file. */
function addedTo(path: string, mail: string): readonly string[] {
  const [, diff = ""] = mail.split(`\n+++ b/${path}\n`);
  const [own = ""] = diff.split("\ndiff --git ");
  return own.split("\n").flatMap((line) => (line.startsWith("+") ? [line.slice(1)] : []));
}
