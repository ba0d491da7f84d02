import { tmpdir } from "node:os";
import type { Proof } from "../../prove/prove.ts";
import { native, type Runner } from "../../prove/runner.ts";
import { runChecks } from "../../prove/run-checks.ts";
import { assertEmulated } from "../../prove/qemu.ts";
import { shareRoot } from "../../root/enter.ts";
import type { Host } from "../../sys/exec.ts";
import { count } from "../../sys/text.ts";
import type { Check } from "../../verify/check.ts";
import type { Subject } from "../../verify/subject.ts";
import type { TrialContext } from "../context.ts";
import type { FindRoots } from "../roots.ts";

/** What the patches of the line promise, on the built programs: `patches prove` as a check. */
export function behaviourCheck(context: TrialContext, findRoots: FindRoots): Check {
  return {
    name: "behaviour",
    proves: "The programs do what every patch of the line promises (`patches prove`).",
    run: async (subject, host) => {
      const { manifest, title, file, folder } = subject;
      const sources = ["ovs", "ovn"].filter((source) => manifest.jobs.some((job) => job.source === source));
      if (sources.length === 0) return { skipped: `${title} has neither Open vSwitch nor OVN` };
      if (file !== undefined) return { skipped: `${title} is one file` };
      const runner = manifest.target === "linux" ? await inRoot(subject, context, findRoots, host) : undefined;
      const proofs: Proof[] = [];
      for (const only of sources) {
        const options = { programs: folder, line: manifest.line, only, checks: [], mirror: [] };
        const how = runner === undefined ? ({ runner: "wine" } as const) : ({ runner: "native" } as const);
        proofs.push(
          ...(await runChecks({ ...options, ...how }, { ...context, host, ...(runner === undefined ? {} : { runner }) })),
        );
      }
      const of = (verdict: Proof["verdict"]) => proofs.filter((proof) => proof.verdict === verdict);
      const passed = of("pass").map(({ check }) => check);
      return {
        evidence:
          passed.length === 0 ? [] : [`${count(passed.length, "check")} passed on line ${manifest.line}: ${passed.join(", ")}.`],
        problems: of("fail").map(({ check, why }) => `${check}: ${why}`),
        warnings: of("skipped").flatMap(({ check, why, absent }) => (absent === true ? [] : [`${check} was skipped: ${why}`])),
      };
    },
  };
}

/** How to run Linux programs with the libraries of the distribution that they are for. */
async function inRoot(subject: Subject, { machine }: TrialContext, findRoots: FindRoots, host: Host): Promise<Runner> {
  const { arch } = subject.manifest;
  const isForeign = arch !== machine.arch;
  if (isForeign) await assertEmulated(arch, { host });
  const { clean } = await findRoots(subject, host);
  if (isForeign) return { ...native, timeoutMs: 120_000, env: { QEMU_LD_PREFIX: clean } };
  const enter = await shareRoot(clean, [tmpdir()]);
  return {
    ...native,
    command: (path, args) => {
      const [program = "", ...words] = enter([path, ...args]);
      return [program, words];
    },
  };
}
