import type { Check } from "../check.ts";
import { northdFiles, northdPrograms, startNorthd } from "../northd.ts";

const stages = ["ls_in_pre_acl", "ls_in_pre_lb", "ls_out_pre_acl", "ls_out_pre_lb"];

/** Entry 17: multicast and conntrack. Merged upstream in 22.03. */
export const multicast: Check = {
  entry: 17,
  behavior:
    "multicast bypasses conntrack before ACLs and load balancers; merged upstream in 22.03.0, so that unpatched programs pass as well",
  programs: northdPrograms,
  files: northdFiles,
  unpatched: "same",
  observe: async ({ sandbox, programs }) => {
    const { nbctl, flows } = await startNorthd(sandbox, programs);
    await nbctl("ls-add", "ls0", "--", "acl-add", "ls0", "from-lport", "1000", "ip", "allow-related");
    await nbctl("lb-add", "lb0", "10.96.0.10:80", "10.0.0.3:80", "--", "ls-lb-add", "ls0", "lb0");
    const bypass = (await flows("ls0")).filter(
      (flow) => flow.priority === 110 && flow.match === "eth.mcast" && flow.action === "next;",
    );
    const seen = [...new Set(bypass.map((flow) => flow.stage))].filter((stage) => stages.includes(stage)).toSorted();
    return [{ what: "stages that multicast bypasses", seen: seen.join(" ") || "none", expected: stages.join(" ") }];
  },
};
