import { join } from "node:path";
import type { Check } from "../check.ts";
import { startSwitch, switchFiles, switchPrograms } from "../servers.ts";
import { readText } from "../../sys/read-file.ts";

/** How long a connection to a database may be idle before it is probed. */
export const inactivityProbe: Check = {
  patch: "inactivity-probe",
  source: "ovs",
  behavior: "a client of a database probes a connection over TCP that is idle for 60 s, and not earlier",
  programs: switchPrograms,
  files: switchFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const { appctl } = await startSwitch(sandbox, programs);
    await appctl("vlog/set", "reconnect:file:dbg");
    // The clock of ovs-vswitchd, the client, stands still, except for the time that passes here.
    await appctl("time/stop");
    for (let second = 0; second < 70; second++) await appctl("time/warp", "1000");
    const log = await sandbox.waitFor("ovs-vswitchd probes its database", async () => {
      const text = await readText(join(sandbox.dir, "vswitchd.log"), "a log");
      return text.includes("sending inactivity probe") ? text : undefined;
    });
    const idle = /: idle (\d+) ms, sending inactivity probe/.exec(log)?.[1] ?? "";
    return [
      // The clock moves by a second at a time, so the probe may be one late.
      {
        what: "seconds without traffic before the first probe",
        seen: String(Math.floor(Number(idle) / 1000)),
        expected: /^6[01]$/,
      },
    ];
  },
};
