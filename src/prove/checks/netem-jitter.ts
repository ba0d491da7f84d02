import { readBytes } from "../../sys/read-file.ts";
import type { Check } from "../check.ts";
import { pathOf } from "../programs.ts";

/** Upstream's change of 3.2 that lets the latency of a QoS of type linux-netem vary. */
export const netemJitter: Check = {
  pick: "a6195e2c4",
  behavior: "ovs-vswitchd reads the key jitter of a QoS of type linux-netem, which only Linux has",
  programs: ["ovs-vswitchd"],
  files: [],
  unpatched: "differs",
  observe: async ({ sandbox, programs, version }) => {
    const found = /\(Open vSwitch\) (\S+)/.exec(await sandbox.ask("ovs-vswitchd", ["--version"]))?.[1] ?? "unknown";
    if (found !== version) return { skipped: `a pick onto ${version}, and these programs are of version ${found}` };
    // Setting it needs root: it is a queueing discipline of the kernel.
    const keys = (await readBytes(pathOf(programs, "ovs-vswitchd"), "a program")).includes("\0jitter\0");
    return [{ what: "ovs-vswitchd has the key jitter", seen: keys ? "yes" : "no", expected: "yes" }];
  },
};
