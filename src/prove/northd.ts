import { pathOf, type Programs } from "./programs.ts";
import type { Sandbox } from "./sandbox.ts";
import { databasePrograms, daemonArgs, startDatabase, waitForDaemon, type Listen } from "./servers.ts";

/** What `startNorthd` uses. */
export const northdPrograms = [...databasePrograms, "ovn-northd", "ovn-nbctl", "ovn-sbctl"];
export const northdFiles = ["ovn-nb.ovsschema", "ovn-sb.ovsschema"];

/** One row of `ovn-sbctl lflow-list`. */
export interface LogicalFlow {
  readonly stage: string;
  readonly priority: number;
  readonly match: string;
  readonly action: string;
}

/** Running northbound and southbound databases with ovn-northd between them. */
export interface Northd {
  readonly database: string;
  /** Runs ovn-nbctl without waiting. */
  readonly nbctl: (...args: readonly string[]) => Promise<string>;
  /** Waits for ovn-northd, then lists the logical flows of a datapath. */
  readonly flows: (datapath: string) => Promise<readonly LogicalFlow[]>;
  /** Waits for ovn-northd, then returns the output of ovn-trace for a packet. */
  readonly trace: (datapath: string, packet: string, ...options: readonly string[]) => Promise<string>;
}

/** Starts ovsdb-server for both databases, and ovn-northd. */
export async function startNorthd(sandbox: Sandbox, programs: Programs, listen?: Listen): Promise<Northd> {
  for (const side of ["nb", "sb"])
    await sandbox.ask("ovsdb-tool", ["create", `${side}.db`, pathOf(programs, `ovn-${side}.ovsschema`)]);
  const database = await startDatabase(sandbox, "ovn", ["nb.db", "sb.db"], listen);
  sandbox.start("ovn-northd", [...daemonArgs(sandbox, "northd"), `--ovnnb-db=${database}`, `--ovnsb-db=${database}`]);
  await waitForDaemon(sandbox, "northd");
  const nbctl = (...args: readonly string[]) => sandbox.ask("ovn-nbctl", ["--timeout=20", `--db=${database}`, ...args]);
  await nbctl("init");
  return {
    database,
    nbctl,
    flows: async (datapath) => {
      await nbctl("--wait=sb", "sync");
      return parseFlows(await sandbox.ask("ovn-sbctl", ["--timeout=20", `--db=${database}`, "lflow-list", datapath]));
    },
    trace: async (datapath, packet, ...options) => {
      await nbctl("--wait=sb", "sync");
      return sandbox.ask("ovn-trace", [`--db=${database}`, ...options, datapath, packet]);
    },
  };
}

/** Reads rows such as `table=6 (ls_in_pre_lb  ), priority=100  , match=(ip), action=(next;)`. */
export function parseFlows(text: string): readonly LogicalFlow[] {
  const row = /^\s*table=\d+\s*\((\S+)\s*\), priority=(\d+)\s*, match=\((.*)\), action=\((.*)\)$/;
  return text.split("\n").flatMap((line) => {
    const [, stage, priority, match, action] = row.exec(line) ?? [];
    return stage === undefined || match === undefined || action === undefined
      ? []
      : [{ stage, priority: Number(priority), match, action }];
  });
}

/** Describes flows in one line, sorted, or says `none`. By default, each with its stage, priority and match. */
export function describeFlows(
  flows: readonly LogicalFlow[],
  describe = ({ stage, priority, match }: LogicalFlow) => `${stage} ${priority} ${match}`,
): string {
  return flows.map(describe).toSorted().join("; ") || "none";
}
