import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { learningBridge, startSwitch, switchFiles, switchPrograms } from "../../src/prove/servers.ts";
import { connectJsonRpc, type JsonRpc } from "./json-rpc.ts";
import { onSocket, secondsOf, type Workload } from "./workload.ts";

/** A dummy port's queue holds so many packets, and drops what is more. */
const burst = 100;

const base = { measured: "ovs-vswitchd", programs: [...switchPrograms, "ovs-ofctl"], files: switchFiles };

/** Packets through the dummy datapath (`netdev-dummy/receive`), which takes one in each turn of the main loop. */
export const packetWorkloads: readonly Workload[] = [
  {
    ...base,
    name: "ovs-vswitchd: 20,000 packets, flows known",
    prepare: async (place) => {
      const { vsctl } = await startSwitch(place.sandbox, place.programs, onSocket);
      await vsctl(...learningBridge("br0", 2));
      const control = await connectJsonRpc(join(place.sandbox.dir, "vswitchd.ctl"));
      const packets = Array.from({ length: burst }, (_, index) => packet(1, index));
      return async () =>
        secondsOf(place, "ovs-vswitchd", async () => {
          for (let sent = 0; sent < 20_000; sent += burst) await receive(control, packets);
        });
    },
  },
  {
    ...base,
    name: "ovs-vswitchd: 5,000 packets, each a new flow",
    prepare: async (place) => {
      const { sandbox } = place;
      const { vsctl } = await startSwitch(sandbox, place.programs, onSocket);
      await vsctl(...learningBridge("br0", 2));
      // A flow that looks at the sender makes every sender a flow of the datapath; the others are to be searched.
      const rules = Array.from({ length: 2000 }, (_, index) => `priority=10,udp,tp_dst=${index},actions=2`);
      const file = join(sandbox.dir, "flows");
      await writeFile(file, ["priority=20,dl_src=06:00:00:00:00:01,actions=drop", ...rules, ""].join("\n"));
      await sandbox.ask("ovs-ofctl", ["add-flows", join(sandbox.dir, "br0.mgmt"), file]);
      const control = await connectJsonRpc(join(sandbox.dir, "vswitchd.ctl"));
      let next = 0;
      return async () =>
        secondsOf(place, "ovs-vswitchd", async () => {
          for (let sent = 0; sent < 5000; sent += burst) {
            const packets = Array.from({ length: burst }, () => packet(2 + next, next++ % 2000));
            await receive(control, packets);
          }
        });
    },
  },
];

/** Lets port p1 receive packets, and waits until all of them are through. */
async function receive(control: JsonRpc, packets: readonly string[]): Promise<void> {
  const before = await received(control);
  await control.call("netdev-dummy/receive", ["p1", ...packets]);
  while ((await received(control)) < before + packets.length) await sleep(1);
}

async function received(control: JsonRpc): Promise<number> {
  const text = String(await control.call("dpif-netdev/pmd-stats-show", []));
  const counts = [...text.matchAll(/packets received: (\d+)/g)].map(([, many]) => Number(many));
  if (counts.length === 0) throw new Error(`no packets are counted in: ${text}`);
  return counts.reduce((sum, many) => sum + many, 0);
}

/** A UDP packet of a sender, as hexadecimal digits. */
function packet(sender: number, port: number): string {
  const hex = (value: number, bytes: number) => value.toString(16).padStart(bytes * 2, "0");
  const ethernet = `0400000000020400${hex(sender, 4)}0800`;
  const ip = `4500002e0000000040110000${hex(0x0a000001, 4)}${hex(0x0a000002, 4)}`;
  return `${ethernet}${ip}${hex(1234, 2)}${hex(port, 2)}001a0000${"00".repeat(18)}`;
}
