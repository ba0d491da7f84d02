import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { controllerFiles, controllerPrograms, startController } from "../../src/prove/controller.ts";
import { northdFiles, northdPrograms, startNorthd } from "../../src/prove/northd.ts";
import { pathOf } from "../../src/prove/programs.ts";
import { databasePrograms, startDatabase } from "../../src/prove/servers.ts";
import { makeCluster, portName, type ClusterSize } from "./cluster.ts";
import { findServer, programSeconds } from "./cpu.ts";
import { connectJsonRpc, type JsonRpc } from "./json-rpc.ts";
import { packetWorkloads } from "./packets.ts";
import { ovstestWorkloads } from "./ovstest.ts";
import { onSocket, secondsOf, type Place, type Workload } from "./workload.ts";

/** 500 subnets with 20 pods each, 5,000 addresses of services, 2,000 ACLs. */
const large: ClusterSize = { switches: 500, ports: 20, loadBalancers: 10, vips: 5000 };
/** What a node of such a cluster sees of it. */
const small: ClusterSize = { switches: 50, ports: 20, loadBalancers: 5, vips: 1000 };

const northbound = "OVN_Northbound";

export const workloads: readonly Workload[] = [
  {
    name: "ovsdb-server: 1,000 transactions",
    measured: "ovsdb-server",
    programs: databasePrograms,
    files: ["ovn-nb.ovsschema"],
    prepare: async (place) => {
      const { database } = await startNorthbound(place, small);
      return async () => secondsOf(place, "ovsdb-server", async () => transact(database, 1000));
    },
  },
  {
    name: "ovsdb-server: load a large database",
    measured: "ovsdb-server",
    programs: databasePrograms,
    files: ["ovn-nb.ovsschema"],
    prepare: async (place) => {
      const { sandbox, programs, cores } = place;
      await (await startNorthbound(place, large)).database.close();
      await sandbox.ask("ovsdb-tool", ["compact", "nb.db", "large.db"]);
      // It ends when the program that it runs has.
      const words = ["--remote=punix:load.sock", "--unixctl=load.ctl", "--no-chdir", "--run=true", "large.db"];
      return async () => programSeconds(sandbox, pathOf(programs, "ovsdb-server"), words, cores);
    },
  },
  {
    name: "ovsdb-server: five clients monitor all of it",
    measured: "ovsdb-server",
    programs: databasePrograms,
    files: ["ovn-nb.ovsschema"],
    prepare: async (place) => {
      const { address, database } = await startNorthbound(place, large);
      await database.close();
      return async () => secondsOf(place, "ovsdb-server", async () => monitor(address, 5));
    },
  },
  {
    name: "ovn-northd: recompute 500 switches",
    measured: "ovn-northd",
    programs: northdPrograms,
    files: northdFiles,
    prepare: async (place) => {
      const { database } = await startNorthd(place.sandbox, place.programs, onSocket);
      await insert(database, large);
      const sync = async () => place.sandbox.ask("ovn-nbctl", [`--db=${database}`, "--timeout=1200", "--wait=sb", "sync"]);
      await sync();
      return async () => recompute(place, "ovn-northd", join(place.sandbox.dir, "northd.ctl"), sync);
    },
  },
  {
    name: "ovn-controller: recompute a node's flows",
    measured: "ovn-controller",
    programs: controllerPrograms,
    files: controllerFiles,
    prepare: async (place) => {
      const { sandbox } = place;
      const { database, vsctl } = await startController(place, [], onSocket);
      await insert(database, small);
      const pods = Array.from({ length: small.switches }, (_, index) => portName(index, 0));
      await vsctl(...pods.flatMap((pod) => ["--", "add-port", "br-int", pod, "--", ...ofPod(pod)]).slice(1));
      const sync = async () => sandbox.ask("ovn-nbctl", [`--db=${database}`, "--timeout=1200", "--wait=hv", "sync"]);
      await sync();
      const socket = join(sandbox.dir, `ovn-controller.${await findServer(sandbox, "ovn-controller")}.ctl`);
      return async () => recompute(place, "ovn-controller", socket, sync);
    },
  },
  {
    name: "ovs-ofctl: parse 50,000 flows",
    measured: "ovs-ofctl",
    programs: ["ovs-ofctl"],
    files: [],
    prepare: async ({ sandbox, programs, cores }) => {
      const file = join(sandbox.dir, "flows");
      await writeFile(file, Array.from({ length: 50_000 }, (_, index) => `${flow(index)}\n`).join(""));
      return async () => programSeconds(sandbox, pathOf(programs, "ovs-ofctl"), ["parse-flows", file], cores);
    },
  },
  ...packetWorkloads,
  ...ovstestWorkloads,
];

async function recompute(place: Place, program: string, socket: string, sync: () => Promise<unknown>): Promise<number> {
  return secondsOf(place, program, async () => {
    await place.sandbox.ask("ovs-appctl", ["-t", socket, "inc-engine/recompute"]);
    await sync();
  });
}

async function startNorthbound(
  { sandbox, programs }: Place,
  size: ClusterSize,
): Promise<{ readonly address: string; readonly database: JsonRpc }> {
  await sandbox.ask("ovsdb-tool", ["create", "nb.db", pathOf(programs, "ovn-nb.ovsschema")]);
  const address = await startDatabase(sandbox, "nb", ["nb.db"], onSocket);
  await insert(address, size);
  return { address, database: await connectTo(address) };
}

/** Connects to `unix:PATH`. */
async function connectTo(address: string): Promise<JsonRpc> {
  return connectJsonRpc(address.replace("unix:", ""));
}

async function insert(address: string, size: ClusterSize): Promise<void> {
  const database = await connectTo(address);
  await perform(database, makeCluster(size));
  await database.close();
}

/** One transaction. Throws what the server says of an operation that failed. */
async function perform(database: JsonRpc, operations: readonly unknown[]): Promise<readonly unknown[]> {
  const results = (await database.call("transact", [northbound, ...operations])) as readonly ({ error?: unknown } | null)[];
  const failed = results.find((result) => result?.error !== undefined);
  if (failed !== undefined) throw new Error(JSON.stringify(failed));
  return results;
}

/** Adds, changes and removes ports of a switch, as pods come and go. */
async function transact(database: JsonRpc, transactions: number): Promise<void> {
  for (let index = 0; index < transactions; index++) {
    const where = [["name", "==", `s${index % small.switches}`]];
    const port = { name: `pod-${index}`, addresses: "02:00:00:00:00:01 10.0.0.9" };
    const ports = (how: string, uuid: unknown) => ({
      op: "mutate",
      table: "Logical_Switch",
      where,
      mutations: [["ports", how, ["set", [uuid]]]],
    });
    const [, added] = await perform(database, [
      ports("insert", ["named-uuid", "pod"]),
      { op: "insert", table: "Logical_Switch_Port", row: port, "uuid-name": "pod" },
    ]);
    await perform(database, [ports("delete", (added as { readonly uuid: unknown }).uuid)]);
  }
}

/** Clients, one after the other, ask for all rows of the large tables. */
async function monitor(address: string, clients: number): Promise<void> {
  const tables = ["Logical_Switch", "Logical_Switch_Port", "Load_Balancer", "Port_Group", "ACL", "Logical_Router_Port"];
  for (let client = 0; client < clients; client++) {
    const database = await connectTo(address);
    await database.call("monitor_cond", [northbound, "all", Object.fromEntries(tables.map((table) => [table, [{}]]))]);
    await database.close();
  }
}

function ofPod(pod: string): readonly string[] {
  return ["set", "Interface", pod, "type=dummy", `external_ids:iface-id=${pod}`];
}

/** A flow like ovn-controller's. */
function flow(index: number): string {
  const byte = (shift: number) => (index >> shift) & 255;
  const match = `table=${10 + (index % 30)},priority=${100 + (index % 7)},ip,reg14=0x${byte(8)},metadata=0x${byte(4)},nw_dst=10.${byte(16)}.${byte(8)}.${byte(0)}`;
  const actions = `set_field:02:00:00:00:00:${byte(0).toString(16).padStart(2, "0")}->eth_dst,load:0x${byte(0)}->NXM_NX_REG15[],ct(commit,zone=NXM_NX_REG13[0..15],nat(src)),resubmit(,${11 + (index % 30)})`;
  return `${match},actions=${actions}`;
}
