import { join } from "node:path";
import { readText } from "../../sys/read-file.ts";
import type { Check } from "../check.ts";
import { describeFlows, northdFiles, northdPrograms, startNorthd, type Northd } from "../northd.ts";

/** Whether packets to and from the DNS cache of the node go to conntrack. */
export const nodeLocalDns: Check = {
  patch: "northd-node-local-dns-ip",
  behavior:
    "packets to the addresses in node_local_dns_ip skip conntrack in switches with load balancers or stateful ACLs, and packets from them in switches with stateful ACLs",
  programs: northdPrograms,
  files: northdFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const northd = await startNorthd(sandbox, programs);
    const { nbctl } = northd;
    await nbctl("ls-add", "ls0", "--", "lb-add", "lb0", "10.96.0.10:80", "10.0.0.3:80", "--", "ls-lb-add", "ls0", "lb0");
    await nbctl("ls-add", "ls1", "--", "acl-add", "ls1", "from-lport", "1001", "ip4", "allow-related");
    const unset = await skipped(northd, "ls0");
    await set(northd, ",169.254.20.10,,fd00:20::10,");
    const balanced = await skipped(northd, "ls0");
    const filtered = await skipped(northd, "ls1");
    await set(northd, "169.254.20.10,169.254.20.256");
    const bad = await skipped(northd, "ls0");
    const log = await readText(join(sandbox.dir, "northd.log"), "a log");
    return [
      { what: "without the option", seen: unset, expected: "none" },
      {
        what: "load balancer",
        seen: balanced,
        expected: "ls_in_pre_lb 105 ip4.dst == 169.254.20.10; ls_in_pre_lb 105 ip6.dst == fd00:20::10",
      },
      {
        what: "stateful ACL",
        seen: filtered,
        expected: [
          "ls_in_pre_acl 110 ip4.dst == 169.254.20.10; ls_in_pre_acl 110 ip6.dst == fd00:20::10",
          "ls_out_pre_acl 110 ip4.src == 169.254.20.10; ls_out_pre_acl 110 ip6.src == fd00:20::10",
        ].join("; "),
      },
      { what: "bad address ignored", seen: bad, expected: "ls_in_pre_lb 105 ip4.dst == 169.254.20.10" },
      { what: "bad address logged", seen: /\|WARN\|.*169\.254\.20\.256/.test(log) ? "yes" : "no", expected: "yes" },
    ];
  },
};

async function set({ nbctl }: Northd, value: string): Promise<void> {
  await nbctl("set", "NB_Global", ".", `options:node_local_dns_ip="${value}"`);
}

/** The flows that let such packets skip conntrack. */
async function skipped({ flows }: Northd, name: string): Promise<string> {
  const found = (await flows(name)).filter((flow) => /169\.254\.20\.|fd00:20::/.test(flow.match) && flow.action === "next;");
  return describeFlows(found);
}
