import type { Check } from "../check.ts";
import { learningBridge, startSwitch, switchFiles, switchPrograms } from "../servers.ts";

const mac = "50:54:00:00:00:05";

/** Entry 3: the port of a MAC address after one of its frames comes back on another port. */
export const macLearning: Check = {
  entry: 3,
  behavior:
    "a MAC address stays on its port when a frame of it comes back on another, until it was silent for 10 s or mac-learning-fallback is set",
  programs: switchPrograms,
  files: switchFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const { vsctl, appctl } = await startSwitch(sandbox, programs);
    await vsctl(...learningBridge("br0", 3));
    await appctl("time/stop");
    const receive = async (port: number, target: "192.168.0.1" | "192.168.0.2") => {
      const arp = `arp(sip=192.168.0.1,tip=${target},op=1,sha=${mac},tha=00:00:00:00:00:00)`;
      const packet = `in_port(${port}),eth(src=${mac},dst=ff:ff:ff:ff:ff:ff),eth_type(0x0806),${arp}`;
      await appctl("ofproto/trace", "ovs-dummy", packet, "-generate");
      const row = (await appctl("fdb/show", "br0")).split("\n").find((line) => line.includes(mac));
      return row?.trim().split(/\s+/)[0] ?? "none";
    };
    const learned = await receive(3, "192.168.0.2");
    const reflected = await receive(2, "192.168.0.2");
    const gratuitous = await receive(2, "192.168.0.1");
    await appctl("time/warp", "11000");
    const later = await receive(2, "192.168.0.2");
    await vsctl("set", "Bridge", "br0", "other_config:mac-learning-fallback=true");
    const fallback = await receive(3, "192.168.0.2");
    return [
      { what: "learned on port", seen: learned, expected: "3" },
      { what: "after a frame on port 2", seen: reflected, expected: "3" },
      { what: "after a gratuitous ARP on port 2", seen: gratuitous, expected: "3" },
      { what: "after 11 s and a frame on port 2", seen: later, expected: "2" },
      { what: "with mac-learning-fallback, after a frame on port 3", seen: fallback, expected: "3" },
    ];
  },
};
