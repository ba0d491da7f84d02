import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unknownName } from "../../config/names.ts";
import { pickLine, type Project } from "../../config/project.ts";
import { readSeed } from "../../config/seed.ts";
import { readSources } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import type { Check } from "../../prove/check.ts";
import { findPrograms } from "../../prove/programs.ts";
import { prove, type Claim, type Proof } from "../../prove/prove.ts";
import { checksFor } from "../../prove/registry.ts";
import { native, startWine } from "../../prove/runner.ts";
import type { Host } from "../../sys/exec.ts";

export interface ProveCommand {
  readonly programs: string;
  readonly before?: string;
  readonly only?: string;
  readonly runner: "native" | "wine";
  readonly json: boolean;
}

/**
 * `kovn-build patches prove`: what the built programs do about each entry. Answers with the proofs; throws "usage" for wrong arguments, and
 * "build" after the proofs when one failed or all were skipped.
 */
export async function patchesProve(
  entries: readonly string[],
  options: ProveCommand,
  project: Project,
  host: Host,
  print: (text: string) => void,
  tell: (text: string) => void,
): Promise<void> {
  const wine = options.runner === "wine";
  const checks = checksFor(wine ? "windows" : "linux");
  const claims = await readClaims(entries, options.only, checks, project, host);
  const work = await mkdtemp(join(tmpdir(), "kovn-programs-"));
  let runner = native;
  try {
    const names = { programs: checks.flatMap((check) => check.programs), files: checks.flatMap((check) => check.files) };
    const find = async (dir: string, name: string) => findPrograms(dir, names, join(work, name), host, wine ? ".exe" : "");
    const after = await find(options.programs, "after");
    const before = options.before === undefined ? undefined : await find(options.before, "before");
    if (wine) runner = await startWine(join(work, "wine"), host);
    const proofs: Proof[] = [];
    for (const claim of claims) {
      tell(`entry ${claim.entry}: ${claim.title}\n`);
      proofs.push(await prove(claim, { after, before, demandPrograms: options.only !== undefined, runner, host }));
    }
    print(options.json ? `${JSON.stringify({ entries: proofs }, undefined, 2)}\n` : showProofs(proofs));
    complain(proofs);
  } finally {
    await runner.end();
    await rm(work, { recursive: true, force: true });
  }
}

type TitledClaim = Claim & { readonly title: string };

async function readClaims(
  entries: readonly string[],
  only: string | undefined,
  checks: readonly Check[],
  project: Project,
  host: Host,
): Promise<readonly TitledClaim[]> {
  const seed = await readSeed(project);
  const numbers = seed.map(({ entry }) => String(entry));
  for (const entry of entries) if (!numbers.includes(entry)) throw unknownName("Entry", entry, numbers);
  const sources = await readSources(project, await pickLine(project, undefined), host);
  const names = sources.map((source) => source.name);
  if (only !== undefined && !names.includes(only)) throw unknownName("Source", only, names);
  const claims = seed.flatMap(({ entry, commit, source, title }) => {
    const check = checks.find((candidate) => candidate.entry === entry);
    const asked = entries.length === 0 || entries.includes(String(entry));
    if (check === undefined || !asked || (only !== undefined && source !== only)) return [];
    const patches = sources.find((one) => one.name === source)?.patches ?? [];
    return [{ entry, seed: commit.slice(0, 10), source, title, check, patches }];
  });
  if (claims.length === 0) throw new BuildError("usage", `None of the entries ${entries.join(", ")} belongs to \`${only}\`.`);
  return claims;
}

/** A block an entry: verdict and why, then what was seen. */
function showProofs(proofs: readonly Proof[]): string {
  const blocks = proofs.map(({ entry, seed, verdict, why, before, after }) =>
    [
      `${String(entry).padStart(2)}  ${seed}  ${verdict.padEnd(7)}  ${why}`,
      ...(verdict === "skipped" ? [] : [`    after   ${after}`]),
      ...(before === undefined ? [] : [`    before  ${before}`]),
    ].join("\n"),
  );
  return `${blocks.join("\n")}\n`;
}

function complain(proofs: readonly Proof[]): void {
  const failed = proofs.filter((proof) => proof.verdict === "fail").map((proof) => proof.entry);
  if (failed.length > 0) throw new BuildError("build", `Not proved: ${failed.join(", ")}.`);
  if (proofs.every((proof) => proof.verdict === "skipped"))
    throw new BuildError("build", "Nothing was proved: all entries were skipped.");
}
