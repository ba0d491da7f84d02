import { join } from "node:path";
import { readText } from "../../sys/read-file.ts";
import type { Check } from "../check.ts";
import { describeFlows, northdFiles, northdPrograms, startNorthd, type Northd } from "../northd.ts";
import { attachRouter } from "../topology.ts";

const options = {
  ls_ct_skip_dst_lport_ips: "true",
  node_local_dns_ip: ",169.254.20.10,,fd00:20::10,169.254.20.256",
  skip_conntrack_dst_cidrs: "172.16.1.2/16",
};

/** Which packets skip conntrack, by their destination. */
export const skipConntrack: Check = {
  patch: "northd-skip-conntrack",
  behavior:
    "packets to the addresses in node_local_dns_ip and skip_conntrack_dst_cidrs skip conntrack in switches with load balancers or stateful ACLs, and with ls_ct_skip_dst_lport_ips those to the networks of the only router in switches with load balancers; VIPs in these networks do not",
  programs: northdPrograms,
  files: northdFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const northd = await startNorthd(sandbox, programs);
    const { nbctl } = northd;
    await nbctl("lr-add", "lr", "--", "lrp-add", "lr", "lr-ls0", "00:00:00:00:ff:01", "10.0.0.1/24", "fd00::1/64");
    await nbctl("lrp-add", "lr", "lr-other", "00:00:00:00:ff:02", "10.0.1.1/24", "169.254.1.1/24");
    await nbctl("ls-add", "ls0");
    await attachRouter(northd, "ls0", "lr-ls0");
    await nbctl("lb-add", "lb0", "10.96.0.10:80", "10.0.0.3:80", "--", "lb-add", "lb1", "10.0.0.100:80", "10.0.0.3:80");
    await nbctl("ls-lb-add", "ls0", "lb0", "--", "ls-lb-add", "ls0", "lb1");
    await nbctl("ls-add", "ls1", "--", "acl-add", "ls1", "from-lport", "1001", "ip4", "allow-related");
    const unset = `${await skipped(northd, "ls0")}, ${await skipped(northd, "ls1")}`;
    for (const [key, value] of Object.entries(options)) await nbctl("set", "NB_Global", ".", `options:${key}="${value}"`);
    const balanced = await skipped(northd, "ls0");
    const filtered = await skipped(northd, "ls1");
    const vips = (await northd.flows("ls0")).filter(({ stage, priority }) => stage === "ls_in_pre_lb" && priority === 106);
    const log = await readText(join(sandbox.dir, "northd.log"), "a log");
    return [
      { what: "without the options", seen: unset, expected: "none, none" },
      {
        what: "load balancer",
        seen: balanced,
        expected: [
          ...["ls_in_pre_lb 105 ip4.dst == {10.0.0.0/24, 10.0.1.0/24}", `ls_in_pre_lb 105 ip4.dst == ${ipv4}`],
          ...["ls_in_pre_lb 105 ip6.dst == fd00:20::10", "ls_in_pre_lb 105 ip6.dst == fd00::/64"],
        ].join("; "),
      },
      {
        what: "stateful ACL",
        seen: filtered,
        expected: [
          ...[`ls_in_pre_acl 110 ip4.dst == ${ipv4}`, "ls_in_pre_acl 110 ip6.dst == fd00:20::10"],
          ...[`ls_out_pre_acl 110 ip4.src == ${ipv4}`, "ls_out_pre_acl 110 ip6.src == fd00:20::10"],
        ].join("; "),
      },
      {
        what: "VIP in such a network, to conntrack",
        seen: describeFlows(vips, ({ match, action }) => `${match}: ${action}`),
        expected: "ip4.dst == 10.0.0.100: reg0[2] = 1; next;",
      },
      { what: "bad address logged", seen: /\|WARN\|.*169\.254\.20\.256/.test(log) ? "yes" : "no", expected: "yes" },
    ];
  },
};

const ipv4 = "{169.254.20.10, 172.16.0.0/16}";

/** The flows that let packets skip conntrack by their addresses. */
async function skipped({ flows }: Northd, name: string): Promise<string> {
  const found = (await flows(name)).filter(
    ({ stage, match, action }) => /_pre_(lb|acl)$/.test(stage) && /^ip[46]\.(src|dst) == /.test(match) && action === "next;",
  );
  return describeFlows(found);
}
