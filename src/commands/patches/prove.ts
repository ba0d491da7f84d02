import { Option } from "commander";
import { BuildError } from "../../errors.ts";
import { examples, jsonOption, lineOption, mirrorOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { runChecks, type ProveOptions } from "../../prove/run-checks.ts";
import type { Proof } from "../../prove/prove.ts";
import { Json } from "../../sys/json.ts";

interface ProveFlags extends Omit<ProveOptions, "checks"> {
  readonly json: boolean;
}

/** `kovn-build patches prove`: runs built programs and checks what they do. */
export const patchesProve: Define = (command, context) => {
  command
    .argument("[checks...]", "numbers of entries, names of patches that belong to none, commits of picks; default: all")
    .requiredOption(
      "--programs <dir>",
      "built programs, anywhere below: a build tree, unpacked packages, a folder of debs or zips, a zip",
    )
    .option("--before <dir>", "unpatched programs, to see the difference")
    .option("--only <source>", "only checks of this source; its programs must be there")
    .addOption(
      new Option(
        "--runner <runner>",
        "wine runs Windows programs, in a Wine of their own; qemu installs packages of another architecture in a root and runs them there",
      )
        .choices(["native", "wine", "qemu"])
        .default("native"),
    )
    .addOption(mirrorOption())
    .addOption(lineOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build patches prove --programs dist/linux", "run all checks on the built packages"],
        ["kovn-build patches prove 5 --programs dist/linux --before debian", "check entry 5, also on unpatched packages"],
        ["kovn-build patches prove --runner qemu --programs dist/linux", "run the checks on packages of another architecture"],
        ["kovn-build patches prove windows-installer-product-code --programs dist/windows", "check what one patch does"],
      ),
    )
    .action(async (checks: readonly string[], options: ProveFlags) => {
      const { machine, report, print } = context;
      const project = await context.project();
      const proofs = await report.run(async ({ host }) => runChecks({ ...options, checks }, { project, machine, host }));
      print(options.json ? new Json({ checks: proofs }) : showProofs(proofs));
      complain(proofs);
    });
};

/** One block per check: the verdict with its reason, then what was observed. */
function showProofs(proofs: readonly Proof[]): string {
  const heads = proofs.map(({ check, seed }) => (seed === undefined ? check : `${check.padStart(2)}  ${seed}`));
  const width = Math.max(...heads.map((head) => head.length));
  const blocks = proofs.map(({ verdict, why, before, after }, index) =>
    [
      `${heads[index]?.padEnd(width)}  ${verdict.padEnd(7)}  ${why}`,
      ...(verdict === "skipped" ? [] : [`    after   ${after}`]),
      ...(before === undefined ? [] : [`    before  ${before}`]),
    ].join("\n"),
  );
  return `${blocks.join("\n")}\n`;
}

function complain(proofs: readonly Proof[]): void {
  const failed = proofs.filter((proof) => proof.verdict === "fail").map((proof) => proof.check);
  if (failed.length > 0) throw new BuildError("build", `Not proved: ${failed.join(", ")}.`);
  if (proofs.every((proof) => proof.verdict === "skipped"))
    throw new BuildError("build", "Nothing was proved: all checks were skipped.");
}
