import { join } from "node:path";
import type { Check } from "../check.ts";
import { controllerFiles, controllerPrograms, startController } from "../controller.ts";

/**
 * Entry 11: the daemon options of OVN's programs. It adds those of a Windows service, on Windows
 * only.
 */
export const daemonOptions: Check = {
  entry: 11,
  behavior:
    "Linux is unchanged: ovn-controller runs with --monitor --no-chdir --overwrite-pidfile; only Windows programs differ, so that unpatched ones pass as well",
  programs: controllerPrograms,
  files: controllerFiles,
  unpatched: "same",
  observe: async (context) => {
    const pidfile = `--pidfile=${join(context.sandbox.dir, "controller.pid")}`;
    const { nbctl } = await startController(context, ["--monitor", "--no-chdir", "--overwrite-pidfile", pidfile]);
    await nbctl("--wait=hv", "sync");
    return [
      { what: "--monitor --no-chdir --overwrite-pidfile", seen: "runs and answers ovn-nbctl --wait=hv", expected: /^runs/ },
    ];
  },
};

/**
 * Entry 11 on Windows: ovn-controller exists, takes the options of a service, and reaches the
 * bridge.
 */
export const windowsDaemonOptions: Check = {
  entry: 11,
  behavior:
    "ovn-controller runs with --service-monitor --no-chdir --pidfile, and reaches the bridge, which listens for it on 127.0.0.1:6653",
  programs: controllerPrograms,
  files: controllerFiles,
  unpatched: "differs",
  observe: async (context) => {
    const pidfile = `--pidfile=${join(context.sandbox.dir, "controller.pid")}`;
    const { nbctl, vsctl } = await startController(context, ["--service-monitor", "--no-chdir", pidfile]);
    await nbctl("--wait=hv", "sync");
    return [
      { what: "--service-monitor --no-chdir --pidfile", seen: "runs and answers ovn-nbctl --wait=hv", expected: /^runs/ },
      { what: "br-int listens on", seen: await vsctl("get-controller", "br-int"), expected: "ptcp:6653:127.0.0.1" },
    ];
  },
};
