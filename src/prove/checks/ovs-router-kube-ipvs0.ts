import type { Check } from "../check.ts";
import { startSwitch, switchFiles, switchPrograms } from "../servers.ts";

/** Routes on the device that kube-proxy gives the addresses of all services. */
export const kubeIpvs: Check = {
  patch: "ovs-router-kube-ipvs0",
  behavior: "ovs-vswitchd has no route on a device named `kube-ipvs0`, whatever its addresses are, so services cost it no time",
  programs: switchPrograms,
  files: switchFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const { vsctl, appctl } = await startSwitch(sandbox, programs);
    for (const [index, device] of ["kube-ipvs0", "other"].entries()) {
      await vsctl("add-br", device, "--", "set", "Bridge", device, "datapath_type=dummy");
      await appctl("netdev-dummy/ip4addr", device, `10.96.${index}.1/24`);
      // The command fails where there is no source address.
      await appctl("ovs/route/add", `10.97.${index}.0/24`, device, `10.96.${index}.2`).catch(() => undefined);
    }
    const routes = await appctl("ovs/route/show");
    const devices = [...routes.matchAll(/^User: .* dev (\S+)/gm)].map((match) => match[1]);
    return [{ what: "of kube-ipvs0 and another device, those with a route", seen: devices.join(" "), expected: "other" }];
  },
};
