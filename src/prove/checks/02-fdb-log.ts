import { join } from "node:path";
import type { Check } from "../check.ts";
import { learningBridge, startSwitch, switchFiles, switchPrograms } from "../servers.ts";
import { readText } from "../../sys/read-file.ts";

const mac = "50:54:00:00:00:05";
const frame = `in_port(1),eth(src=${mac},dst=ff:ff:ff:ff:ff:ff),eth_type(0x1234)`;

/**
 * Entry 2: what is logged when the statistics of a cached flow bring a MAC address back into the
 * table.
 */
export const fdbLog: Check = {
  entry: 2,
  behavior: "a MAC address that a cached flow brings into the FDB is logged at debug level by the revalidator that does it",
  programs: switchPrograms,
  files: switchFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const { vsctl, appctl } = await startSwitch(sandbox, programs);
    await vsctl(...learningBridge("br0", 2));
    // Milliseconds. On a busy machine the flow must not expire in between.
    await vsctl("set", "Open_vSwitch", ".", "other_config:max-idle=100000");
    await appctl("vlog/set", "ofproto_dpif_xlate:file:dbg");
    const send = async () => {
      await appctl("netdev-dummy/receive", "p1", frame);
      await appctl("revalidator/wait");
    };
    // The first frame installs the flow, the second uses it.
    await send();
    await send();
    await appctl("fdb/flush", "br0");
    await appctl("revalidator/wait");
    await send();
    const relearned = (await appctl("fdb/show", "br0")).includes(mac);
    // A thread of its own writes the log. This call is logged after the line to look for.
    await appctl("vlog/set", "ofproto_dpif_xlate:file:info");
    await appctl("vlog/reopen");
    const log = await readText(join(sandbox.dir, "vswitchd.log"), "a log");
    const text = `bridge br0: learned that ${mac} is on port p1 in VLAN 0`;
    const lines = log.split("\n").filter((line) => line.includes(text) && /\(revalidator\d+\)\|DBG\|/.test(line));
    return [
      { what: "relearned from the cached flow", seen: relearned ? "yes" : "no", expected: "yes" },
      { what: "log lines of revalidators", seen: String(lines.length), expected: "1" },
    ];
  },
};
