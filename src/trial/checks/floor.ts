import { BuildError } from "../../errors.ts";
import { findPrograms, type Programs } from "../../prove/programs.ts";
import { northdFiles, northdPrograms, startNorthd } from "../../prove/northd.ts";
import { withSandbox, type Sandbox } from "../../prove/sandbox.ts";
import { learningBridge, startSwitch, switchFiles, switchPrograms } from "../../prove/servers.ts";
import { count } from "../../sys/text.ts";
import { ceilingOf } from "../../verify/ceiling.ts";
import type { Check } from "../../verify/check.ts";
import { floorCpu } from "../cpu.ts";
import { startFloor } from "../floor-runner.ts";
import type { FindRoots } from "../roots.ts";

/** The switch of the variant `dpdk`, which does the work of the other one as well. */
const dpdkSwitch = "ovs-vswitchd-dpdk";

const names = {
  programs: [...new Set([...switchPrograms, dpdkSwitch, "ovs-ofctl", "ovsdb-client", ...northdPrograms, "ovn-trace"])],
  files: [...switchFiles, ...northdFiles],
};

/** The work of a source's programs, and the programs that it needs. */
interface Work {
  readonly source: string;
  readonly needs: readonly string[];
  /** A program that takes the place of another one for the same work, where the packages have it. */
  readonly also?: { readonly program: string; readonly insteadOf: string };
  readonly run: (sandbox: Sandbox, programs: Programs) => Promise<string>;
}

const works: readonly Work[] = [
  {
    source: "ovs",
    needs: [...switchPrograms, ...switchFiles, "ovs-ofctl", "ovsdb-client"],
    also: { program: dpdkSwitch, insteadOf: "ovs-vswitchd" },
    run: runSwitch,
  },
  { source: "ovn", needs: [...northdPrograms, ...northdFiles, "ovn-trace"], run: runNorthd },
];

/** The programs at work on the oldest processor of their variant. */
export function floorCheck(findRoots: FindRoots): Check {
  return {
    name: "floor",
    proves: "The programs do real work on the oldest processor of the variant: databases, a switch, logical flows.",
    run: async (subject, host) => {
      const { manifest, title, file, work } = subject;
      const own = works.filter(({ source }) => manifest.jobs.some((job) => job.source === source));
      if (own.length === 0) return { skipped: `${title} has neither Open vSwitch nor OVN` };
      if (manifest.target !== "linux") return { skipped: "QEMU's user mode runs programs of Linux only" };
      if (file !== undefined) return { skipped: `${title} is one file` };
      const ceiling = ceilingOf(manifest.flags.split(/\s+/), manifest.arch);
      if ("unknown" in ceiling)
        return { evidence: [], problems: [`The oldest processor of \`${ceiling.unknown}\` is not known.`] };
      const floor = floorCpu(ceiling);
      if (floor === undefined) return { evidence: [], problems: [`QEMU knows no processor of ${ceiling.name}.`] };
      const { clean } = await findRoots(subject, host);
      const runner = await startFloor(floor, clean, host);
      const programs = await findPrograms(work, names, work, host);
      const evidence: string[] = [];
      const problems: string[] = [];
      for (const { needs, also, run } of own) {
        const missing = needs.filter((name) => programs.paths[name] === undefined);
        if (missing.length > 0) {
          problems.push(`The packages have no ${missing.join(", ")}.`);
          continue;
        }
        for (const { set, using } of [{ set: programs, using: "" }, ...alsoWith(programs, also)]) {
          const where = `On ${floor.cpu.split(",", 1)[0]}, for ${ceiling.name}${using}`;
          try {
            evidence.push(`${where}: ${await withSandbox(set, runner, host, async (sandbox) => run(sandbox, set))}.`);
          } catch (error) {
            host.signal.throwIfAborted();
            if (!(error instanceof BuildError)) throw error;
            problems.push(`${where}: ${error.message}`);
          }
        }
      }
      return { evidence, problems };
    },
  };
}

/** The programs with the other one in its place, if the packages have that. */
function alsoWith(programs: Programs, also: Work["also"]): readonly { readonly set: Programs; readonly using: string }[] {
  const path = programs.paths[also?.program ?? ""];
  if (also === undefined || path === undefined) return [];
  const paths = { ...programs.paths, [also.insteadOf]: path };
  return [{ set: { ...programs, paths }, using: `, with ${also.program}` }];
}

async function runSwitch(sandbox: Sandbox, programs: Programs): Promise<string> {
  const { database, vsctl, appctl } = await startSwitch(sandbox, programs);
  await vsctl(...learningBridge("br0", 2));
  const tables = await sandbox.ask("ovsdb-client", ["--timeout=60", "list-tables", database]);
  const flow = "in_port=1,tcp,nw_dst=10.0.0.0/8,actions=2";
  const parsed = await sandbox.ask("ovs-ofctl", ["parse-flow", flow]);
  const trace = await appctl("ofproto/trace", "br0", "in_port=p1,dl_src=aa:55:aa:55:00:01,dl_dst=aa:55:aa:55:00:02");
  if (!/^Datapath actions: /m.test(trace) || !parsed.includes("nw_dst=10.0.0.0/8"))
    throw new BuildError("build", `The switch computed no flow: ${trace}`);
  return `a database with ${count(tables.split("\n").length - 2, "table")} was created and served, a switch with two ports ran and computed a packet's way`;
}

async function runNorthd(sandbox: Sandbox, programs: Programs): Promise<string> {
  const { nbctl, flows, trace } = await startNorthd(sandbox, programs);
  await nbctl("ls-add", "sw0");
  for (const [port, mac] of [
    ["p1", "00:00:00:00:00:01 10.0.0.1"],
    ["p2", "00:00:00:00:00:02 10.0.0.2"],
  ] as const)
    await nbctl("lsp-add", "sw0", port, "--", "lsp-set-addresses", port, mac);
  const found = await flows("sw0");
  const way = await trace("sw0", 'inport == "p1" && eth.src == 00:00:00:00:00:01 && eth.dst == 00:00:00:00:00:02');
  if (found.length === 0 || !way.includes("p2")) throw new BuildError("build", `ovn-northd computed no flow: ${way}`);
  return `ovn-northd computed ${count(found.length, "logical flow")}, and ovn-trace a packet's way through them`;
}
