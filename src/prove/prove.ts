import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import type { Patch } from "../config/patch.ts";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import type { Check, SourceFile } from "./check.ts";
import { findSourceFile, type Programs } from "./programs.ts";
import { withSandbox } from "./sandbox.ts";
import { describeLook, judge, type Judgement, type Look } from "./verdict.ts";

/** An entry of the seed that is to be proved, with its check and the patches that implement it. */
export interface Claim {
  readonly entry: number;
  readonly seed: string;
  readonly source: string;
  readonly check: Check;
  readonly patches: readonly Patch[];
}

/** One entry's result; `before` is there when there are programs to compare with. */
export interface Proof extends Judgement {
  readonly entry: number;
  readonly seed: string;
  readonly before?: string;
  readonly after: string;
}

export interface ProveOptions {
  readonly after: Programs;
  readonly before: Programs | undefined;
  /** Fails, instead of skipping, entries of a source that has no program there. */
  readonly demandAll: boolean;
  readonly host: Host;
}

/** Runs an entry's check on the programs, and on those to compare with. Failures of programs are results, not errors. */
export async function prove(claim: Claim, { after, before, demandAll, host }: ProveOptions): Promise<Proof> {
  const seen = await look(claim, after, host);
  // The series says nothing about what other programs were made of.
  const compared = before === undefined ? undefined : await look({ ...claim, patches: [] }, before, host);
  const strict: Look = demandAll && seen.kind === "skipped" ? { ...seen, kind: "failed" } : seen;
  return {
    entry: claim.entry,
    seed: claim.seed,
    ...(compared === undefined ? {} : { before: describeLook(compared) }),
    after: describeLook(seen),
    ...judge(claim.check, strict, compared),
  };
}

async function look(claim: Claim, programs: Programs, host: Host): Promise<Look> {
  const { check, source } = claim;
  const found = Object.keys(programs.paths).filter((name) => programs.executables.has(name));
  if (!found.some((name) => name.startsWith(source)))
    return { kind: "skipped", reason: `no program of ${source} below ${programs.dir}` };
  const missing = [...check.programs, ...check.files].filter((name) => programs.paths[name] === undefined);
  if (missing.length > 0) return { kind: "failed", reason: `below ${programs.dir} there is no ${missing.join(", ")}` };
  const readSource = (path: string) => sourceOf(claim, programs, path);
  try {
    const answer = await withSandbox(programs, host, async (sandbox) => check.observe({ programs, sandbox, readSource }));
    return "skipped" in answer ? { kind: "skipped", reason: answer.skipped } : { kind: "seen", facts: answer };
  } catch (error) {
    host.signal.throwIfAborted();
    if (!(error instanceof BuildError)) throw error;
    return { kind: "failed", reason: error.message };
  }
}

async function sourceOf(claim: Claim, programs: Programs, path: string): Promise<SourceFile | undefined> {
  const file = await findSourceFile(programs, path);
  if (file !== undefined) return { where: relative(programs.root, file), text: await readFile(file, "utf8") };
  const mails = await Promise.all(claim.patches.map(async (patch) => readFile(patch.path, "utf8")));
  const added = mails
    .join("\n")
    .split("\n")
    .filter((line) => line.startsWith("+"));
  return added.some((line) => line === `+++ b/${path}`)
    ? { where: claim.patches.map((patch) => patch.name).join(", "), text: added.map((line) => line.slice(1)).join("\n") }
    : undefined;
}
