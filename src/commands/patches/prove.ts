import { Option } from "commander";
import { BuildError } from "../../errors.ts";
import { examples, jsonOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { proveEntries, type ProveOptions } from "../../prove/prove-entries.ts";
import type { Proof } from "../../prove/prove.ts";
import { Json } from "../../sys/json.ts";

interface ProveFlags extends Omit<ProveOptions, "entries"> {
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
    .action(async (entries: readonly string[], options: ProveFlags) => {
      const { report, print } = context;
      const project = await context.project();
      const proofs = await report.run(async ({ host }) => proveEntries({ ...options, entries }, { project, host }));
      print(options.json ? new Json({ entries: proofs }) : showProofs(proofs));
      complain(proofs);
    });
};

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
