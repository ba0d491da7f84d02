import { join } from "node:path";
import type { Check } from "./check.ts";
import { controllerFiles, controllerPrograms, startController } from "./controller.ts";

/** Entry 11: the daemon options of OVN's programs. It adds those of a Windows service, on Windows alone. */
export const daemonOptions: Check = {
  entry: 11,
  demand:
    "Linux is unchanged: ovn-controller runs with --monitor --no-chdir --overwrite-pidfile; only Windows programs differ, so that unpatched ones pass as well",
  programs: controllerPrograms,
  files: controllerFiles,
  unpatched: "same",
  observe: async (context) => {
    const pidfile = `--pidfile=${join(context.sandbox.dir, "controller.pid")}`;
    const { nbctl } = await startController(context, ["--monitor", "--no-chdir", "--overwrite-pidfile", pidfile]);
    await nbctl("--wait=hv", "sync");
    return [{ what: "--monitor --no-chdir --overwrite-pidfile", seen: "runs and answers ovn-nbctl --wait=hv", wanted: /^runs/ }];
  },
};
