import type { Check } from "../check.ts";
import { learningBridge, startSwitch, switchFiles, switchPrograms } from "../servers.ts";

const mac = "50:54:00:00:00:05";

/** Adds a balance-slb bond of ports p4 and p5, which takes broadcasts on both, to br0. */
const addBond = [
  ...["add-bond", "br0", "bond0", "p4", "p5", "bond_mode=balance-slb", "other_config:all-members-active=true"],
  ...["--", "set", "Interface", "p4", "type=dummy", "ofport_request=4"],
  ...["--", "set", "Interface", "p5", "type=dummy", "ofport_request=5"],
];

/**
 * Entry 3: the port of a MAC address after one of its frames comes back on another port, and after
 * it moves to a bond.
 */
export const macLearning: Check = {
  entry: 3,
  behavior:
    "a MAC address stays on its port when a frame of it comes back on another, until it was silent for more than 10 s or mac-learning-fallback is set; a gratuitous ARP moves it to a bond, unless it is a reflection, and away from a bond",
  programs: switchPrograms,
  files: switchFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const { vsctl, appctl } = await startSwitch(sandbox, programs);
    await vsctl(...learningBridge("br0", 3));
    await vsctl(...addBond);
    await appctl("time/stop");
    const receive = async (port: number, target: "192.168.0.1" | "192.168.0.2") => {
      const arp = `arp(sip=192.168.0.1,tip=${target},op=1,sha=${mac},tha=00:00:00:00:00:00)`;
      const packet = `in_port(${port}),eth(src=${mac},dst=ff:ff:ff:ff:ff:ff),eth_type(0x0806),${arp}`;
      const trace = await appctl("ofproto/trace", "ovs-dummy", packet, "-generate");
      const row = (await appctl("fdb/show", "br0")).split("\n").find((line) => line.includes(mac));
      const learned = row?.trim().split(/\s+/)[0] ?? "none";
      return { port: learned, fate: trace.trimEnd().endsWith("Datapath actions: drop") ? "dropped" : "forwarded" };
    };
    const arp = (port: number) => receive(port, "192.168.0.2");
    const gratuitousArp = (port: number) => receive(port, "192.168.0.1");

    const learned = await arp(3);
    const reflected = await arp(2);
    const gratuitous = await gratuitousArp(2);
    await appctl("time/warp", "10000");
    const held = await arp(2);
    await appctl("time/warp", "1000");
    const later = await arp(2);
    await vsctl("set", "Bridge", "br0", "other_config:mac-learning-fallback=true");
    const fallback = await arp(3);

    await vsctl("remove", "Bridge", "br0", "other_config", "mac-learning-fallback");
    await gratuitousArp(3);
    const echo = await gratuitousArp(4);
    await appctl("time/warp", "5000");
    const moved = await gratuitousArp(4);
    const back = await gratuitousArp(3);
    return [
      { what: "learned on port", seen: learned.port, expected: "3" },
      { what: "after a frame on port 2", seen: reflected.port, expected: "3" },
      { what: "after a gratuitous ARP on port 2", seen: gratuitous.port, expected: "3" },
      { what: "after 10 s and a frame on port 2", seen: held.port, expected: "3" },
      { what: "after 11 s and a frame on port 2", seen: later.port, expected: "2" },
      { what: "with mac-learning-fallback, after a frame on port 3", seen: fallback.port, expected: "3" },
      { what: "a gratuitous ARP that comes back on a bond", seen: echo.fate, expected: "dropped" },
      { what: "5 s later, after a gratuitous ARP on the bond of ports 4 and 5", seen: bondOr(moved.port), expected: "the bond" },
      { what: "after a gratuitous ARP on port 3", seen: bondOr(back.port), expected: "3" },
    ];
  },
};

/** A bond is shown as one of its ports. */
function bondOr(port: string): string {
  return port === "4" || port === "5" ? "the bond" : port;
}
