import { join } from "node:path";
import type { Check } from "../check.ts";
import { describeFlows, northdFiles, northdPrograms, startNorthd, type Northd } from "../northd.ts";
import { readText } from "../../sys/read-file.ts";

/** Entry 6: which packets a switch with load balancers sends to conntrack. */
export const serviceCidr: Check = {
  entry: 6,
  behavior:
    "with svc_ipv4_cidr, a switch sends only packets to those IPv4 and IPv6 CIDRs, and to other addresses of its load balancers, to conntrack in ls_in_pre_lb; it is logged when in force; a bad value is logged and ignored",
  programs: [...northdPrograms, "ovn-trace"],
  files: northdFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const northd = await startNorthd(sandbox, programs);
    const { nbctl } = northd;
    await nbctl("ls-add", "ls0");
    await nbctl("lsp-add", "ls0", "p1", "--", "lsp-set-addresses", "p1", "00:00:00:00:00:01 10.0.0.2");
    await nbctl("lsp-add", "ls0", "p2", "--", "lsp-set-addresses", "p2", "00:00:00:00:00:02 10.0.0.3");
    await nbctl("lb-add", "lb0", "10.96.0.10:80", "10.0.0.3:80", "--", "ls-lb-add", "ls0", "lb0");
    const unset = await matches(northd);
    await set(northd, "10.96.0.0/12");
    const one = await matches(northd);
    const toPod = await conntracks(northd, "10.0.0.3");
    const toService = await conntracks(northd, "10.96.0.10");
    await set(northd, "10.96.0.0/12,fd00:10:96::/112");
    const both = await matches(northd);
    await nbctl("lb-add", "lb0", "192.168.9.1:80", "10.0.0.3:80");
    await nbctl("set", "Load_Balancer", "lb0", "options:hairpin_snat_ip=169.254.0.5");
    await set(northd, "10.96.0.10");
    const outside = await matches(northd);
    const toVip = await conntracks(northd, "192.168.9.1");
    await set(northd, "10.96.0.0/33");
    const bad = await matches(northd);
    await set(northd, "10.96.0.0/34");
    await matches(northd);
    const log = await readText(join(sandbox.dir, "northd.log"), "a log");
    const ipv4 = "ip4 && ip4.dst == 10.96.0.0/12";
    return [
      { what: "without the option", seen: unset, expected: "ip" },
      { what: "10.96.0.0/12", seen: one, expected: `${ipv4}; ip6` },
      { what: "packet to 10.0.0.3", seen: toPod, expected: "no conntrack" },
      { what: "packet to 10.96.0.10", seen: toService, expected: "conntrack" },
      { what: "with fd00:10:96::/112", seen: both, expected: `${ipv4}; ip6 && ip6.dst == fd00:10:96::/112` },
      {
        what: "10.96.0.10, with 192.168.9.1 and hairpin_snat_ip=169.254.0.5",
        seen: outside,
        expected: "ip4 && ip4.dst == {10.96.0.10, 169.254.0.5, 192.168.9.1}; ip6",
      },
      { what: "packet to 192.168.9.1", seen: toVip, expected: "conntrack" },
      {
        what: "in force, logged",
        seen: /\|INFO\|options:svc_ipv4_cidr is "10\.96\.0\.0\/12":/.test(log) ? "yes" : "no",
        expected: "yes",
      },
      { what: "bad value", seen: bad, expected: "ip" },
      { what: "bad values logged", seen: `${log.match(/\|WARN\|.*svc_ipv4_cidr/g)?.length ?? 0} of 2`, expected: "2 of 2" },
    ];
  },
};

async function set({ nbctl }: Northd, value: string): Promise<void> {
  await nbctl("set", "NB_Global", ".", `options:svc_ipv4_cidr="${value}"`);
}

async function matches({ flows }: Northd): Promise<string> {
  const rows = (await flows("ls0")).filter((flow) => flow.stage === "ls_in_pre_lb" && flow.priority === 100);
  return describeFlows(
    rows.filter((flow) => flow.action === "reg0[2] = 1; next;"),
    ({ match }) => match,
  );
}

/** Whether the ingress pipeline sends a packet to conntrack. */
async function conntracks({ trace }: Northd, target: string): Promise<string> {
  const packet = [
    'inport == "p1" && eth.src == 00:00:00:00:00:01 && eth.dst == 00:00:00:00:00:02',
    `ip4.src == 10.0.0.2 && ip4.dst == ${target} && ip.ttl == 64 && tcp.src == 1234 && tcp.dst == 80`,
  ].join(" && ");
  const [ingress = ""] = (await trace("ls0", packet, "--ct=new", "--ct=new", "--ct=new", "--summary")).split("egress(");
  return /ct_(lb|next)/.test(ingress) ? "conntrack" : "no conntrack";
}
