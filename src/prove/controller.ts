import { join } from "node:path";
import type { CheckContext } from "./check.ts";
import { northdFiles, northdPrograms, startNorthd, type Northd } from "./northd.ts";
import { startSwitch, switchFiles, switchPrograms, type Listen, type Switch } from "./servers.ts";

/** What `startController` uses. */
export const controllerPrograms = [...new Set([...northdPrograms, ...switchPrograms, "ovn-controller"])];
export const controllerFiles = [...northdFiles, ...switchFiles];

/**
 * A complete OVN with one chassis: databases, ovn-northd, a switch on the dummy datapath,
 * ovn-controller.
 */
export interface Chassis extends Northd {
  readonly vsctl: Switch["vsctl"];
  readonly switchctl: Switch["appctl"];
}

/** Starts a chassis; `options` are added to ovn-controller's. */
export async function startController(
  { sandbox, programs }: Pick<CheckContext, "sandbox" | "programs">,
  options: readonly string[],
  listen?: Listen,
): Promise<Chassis> {
  const northd = await startNorthd(sandbox, programs, listen);
  const { database, vsctl, appctl } = await startSwitch(sandbox, programs, listen);
  const settings = ["system-id=hv1", "ovn-encap-type=geneve", "ovn-encap-ip=127.0.0.1", "ovn-bridge-datapath-type=dummy"];
  // The value contains colons, so it is quoted.
  await vsctl(
    "set",
    "Open_vSwitch",
    ".",
    ...[...settings, `ovn-remote="${northd.database}"`].map((one) => `external-ids:${one}`),
  );
  await vsctl("add-br", "br-int", "--", "set", "Bridge", "br-int", "datapath_type=dummy", "fail-mode=secure");
  // ovn-controller has no option for its control socket. Its row in the southbound database shows
  // that it runs.
  const log = `--log-file=${join(sandbox.dir, "controller.log")}`;
  sandbox.start("ovn-controller", ["-vsyslog:off", log, ...options, database]);
  await sandbox.waitFor("ovn-controller registers its chassis", async () => {
    const found = await sandbox.ask("ovn-sbctl", [`--db=${northd.database}`, "--bare", "--columns=name", "find", "Chassis"]);
    return found === "hv1" ? true : undefined;
  });
  return { ...northd, vsctl, switchctl: appctl };
}
