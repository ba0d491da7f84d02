import { tmpdir } from "node:os";
import { join } from "node:path";
import { Option } from "commander";
import { unknownName } from "../../config/names.ts";
import { pickLine, type Project } from "../../config/project.ts";
import { readSeed } from "../../config/seed.ts";
import { readSources } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import type { Context } from "../../program/context.ts";
import { examples, jsonOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import type { Check } from "../../prove/check.ts";
import { findPrograms } from "../../prove/programs.ts";
import { prove, type Claim, type Proof } from "../../prove/prove.ts";
import { checksFor } from "../../prove/registry.ts";
import { native, startWine } from "../../prove/runner.ts";
import type { Host } from "../../sys/exec.ts";
import { withTempDir } from "../../sys/with-temp-dir.ts";

interface ProveOptions {
  readonly programs: string;
  readonly before?: string;
  readonly only?: string;
  readonly runner: "native" | "wine";
  readonly json: boolean;
}

/** `kovn-build patches prove`: runs built programs and checks their behaviour for each entry of the seed. */
export const patchesProve: Define = (command, context) => {
  command
    .argument("[entries...]", "numbers of entries; default: all")
    .requiredOption(
      "--programs <dir>",
      "built programs, anywhere below: a build tree, unpacked packages, a folder of debs or zips, a zip",
    )
    .option("--before <dir>", "unpatched programs, to see the difference")
    .option("--only <source>", "only entries of this source; its programs must be there")
    .addOption(
      new Option("--runner <runner>", "wine runs Windows programs, in a Wine of their own")
        .choices(["native", "wine"])
        .default("native"),
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build patches prove --programs dist/linux", "check all entries on the built packages"],
        ["kovn-build patches prove 5 --programs dist/linux --before debian", "check entry 5, also on unpatched packages"],
      ),
    )
    .action(async (entries: readonly string[], options: ProveOptions) => proveAll(entries, options, context));
};

/**
 * Prints the proofs. Throws "usage" for wrong arguments, and "build" after the proofs when one
 * failed or all were skipped.
 */
async function proveAll(entries: readonly string[], options: ProveOptions, context: Context): Promise<void> {
  const { host, print, report } = context;
  const project = await context.project();
  const wine = options.runner === "wine";
  const checks = checksFor(wine ? "windows" : "linux");
  const claims = await readClaims(entries, options.only, checks, project, host);
  const names = { programs: checks.flatMap((check) => check.programs), files: checks.flatMap((check) => check.files) };
  const proofs: Proof[] = [];
  await withTempDir(join(tmpdir(), "kovn-programs-"), async (work) => {
    const find = async (dir: string, name: string) => findPrograms(dir, names, join(work, name), host, wine ? ".exe" : "");
    const after = await find(options.programs, "after");
    const before = options.before === undefined ? undefined : await find(options.before, "before");
    const runner = wine ? await startWine(join(work, "wine"), host) : native;
    try {
      for (const claim of claims) {
        report.write(`entry ${claim.entry}: ${claim.title}\n`);
        proofs.push(await prove(claim, { after, before, requirePrograms: options.only !== undefined, runner, host }));
      }
    } finally {
      await runner.end();
    }
  });
  print(options.json ? `${JSON.stringify({ entries: proofs }, undefined, 2)}\n` : showProofs(proofs));
  complain(proofs);
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

/** One block per entry: the verdict with its reason, then what was observed. */
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
