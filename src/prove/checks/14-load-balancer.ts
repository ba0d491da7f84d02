import type { Check } from "../check.ts";
import { northdFiles, northdPrograms, startNorthd } from "../northd.ts";

/** Entry 14: what remains of a load balancer when its last virtual address is deleted. */
export const emptyLoadBalancer: Check = {
  entry: 14,
  behavior:
    "`ovn-nbctl lb-del LB VIP` keeps the load balancer and its use by switches when its last VIP goes; `lb-del LB` deletes it",
  programs: northdPrograms,
  files: northdFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const { nbctl } = await startNorthd(sandbox, programs);
    const balancers = async () => (await nbctl("--bare", "--columns=name", "find", "Load_Balancer", "name=lb0")) || "none";
    await nbctl("ls-add", "ls0", "--", "lb-add", "lb0", "10.0.0.1:80", "10.0.0.2:80", "--", "ls-lb-add", "ls0", "lb0");
    await nbctl("lb-del", "lb0", "10.0.0.1:80");
    const emptied = await balancers();
    const used = await nbctl("get", "Logical_Switch", "ls0", "load_balancer");
    await nbctl("--if-exists", "lb-del", "lb0");
    return [
      { what: "after its last VIP was deleted", seen: emptied, expected: "lb0" },
      { what: "used by its switch", seen: used === "[]" ? "no" : "yes", expected: "yes" },
      { what: "after lb-del without a VIP", seen: await balancers(), expected: "none" },
    ];
  },
};
