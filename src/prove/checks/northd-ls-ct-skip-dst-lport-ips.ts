import { join } from "node:path";
import { readText } from "../../sys/read-file.ts";
import type { Check } from "../check.ts";
import { describeFlows, northdFiles, northdPrograms, startNorthd, type Northd } from "../northd.ts";
import { attachLocalnet, attachRouter } from "../topology.ts";

/** Which destinations need no load balancing, by the networks of routers and localnet ports. */
export const lportNetworks: Check = {
  patch: "northd-ls-ct-skip-dst-lport-ips",
  behavior:
    "with ls_ct_skip_dst_lport_ips=true, packets to the networks of the only router, or of the localnet port, skip conntrack in ls_in_pre_lb; VIPs in them do not",
  programs: northdPrograms,
  files: northdFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const northd = await startNorthd(sandbox, programs);
    const { nbctl } = northd;
    await nbctl("lr-add", "lr", "--", "lrp-add", "lr", "lr-ls0", "00:00:00:00:ff:01", "10.0.0.1/24", "fd00::1/64");
    await nbctl("lrp-add", "lr", "lr-other", "00:00:00:00:ff:02", "10.0.1.1/24", "169.254.1.1/24");
    await nbctl("ls-add", "ls0", "--", "ls-add", "ls1");
    await attachRouter(northd, "ls0", "lr-ls0");
    await attachLocalnet(northd, "ls1");
    await nbctl("lb-add", "lb0", "10.96.0.10:80", "10.0.0.3:80", "--", "lb-add", "lb1", "10.0.0.100:80", "10.0.0.3:80");
    await nbctl("ls-lb-add", "ls0", "lb0", "--", "ls-lb-add", "ls0", "lb1", "--", "ls-lb-add", "ls1", "lb0");
    await nbctl("set", "Logical_Switch_Port", "ln", 'external_ids:ipv4_network=",192.168.1.7/24,,192.168.2.0/33"');
    await nbctl("set", "Logical_Switch_Port", "ln", "external_ids:ipv6_network=fd00:1::7/64");
    const unset = await skipped(northd, "ls0");
    await nbctl("set", "NB_Global", ".", "options:ls_ct_skip_dst_lport_ips=true");
    const router = await skipped(northd, "ls0");
    const localnet = await skipped(northd, "ls1");
    const vips = await rows(northd, "ls0", 106, "reg0[2] = 1; next;");
    const log = await readText(join(sandbox.dir, "northd.log"), "a log");
    return [
      { what: "without the option", seen: unset, expected: "none" },
      {
        what: "connected to one router",
        seen: router,
        expected: "ip4.dst == {10.0.0.0/24, 10.0.1.0/24}; ip6.dst == fd00::/64",
      },
      { what: "localnet", seen: localnet, expected: "ip4.dst == 192.168.1.0/24; ip6.dst == fd00:1::/64" },
      { what: "VIP in such a network, to conntrack", seen: vips, expected: "ip4.dst == 10.0.0.100" },
      { what: "bad network logged", seen: /\|WARN\|.*192\.168\.2\.0\/33/.test(log) ? "yes" : "no", expected: "yes" },
    ];
  },
};

async function skipped(northd: Northd, name: string): Promise<string> {
  return rows(northd, name, 105, "next;");
}

/** The matches of the flows in ls_in_pre_lb with that priority and action. */
async function rows({ flows }: Northd, name: string, priority: number, action: string): Promise<string> {
  const found = (await flows(name)).filter(
    (flow) => flow.stage === "ls_in_pre_lb" && flow.priority === priority && flow.action === action,
  );
  return describeFlows(found, ({ match }) => match);
}
