import type { Check, CheckContext } from "../check.ts";
import type { Chassis } from "../controller.ts";
import { bucket, ecmp, observeRoutes, selectionMethod } from "./07-ecmp.ts";

/** Entry 7 since line 1.17: routing policies with several next hops as well. */
export const ecmpPolicies: Check = {
  ...ecmp,
  since: "1.17",
  behavior:
    "OpenFlow groups of ECMP routes choose the next hop by a hash of the source address, those of ECMP policies by addresses, protocol and ports, of IPv4 and of IPv6; what ovn-controller detects about the datapath moves no source",
  observe: async (context) => {
    const { chassis, facts } = await observeRoutes(context);
    const { nbctl } = chassis;
    await nbctl("lr-route-del", "lr");
    await nbctl("lr-policy-add", "lr", "10", "ip4.dst == 10.1.0.0/24", "reroute", "192.168.1.11,192.168.1.12");
    await nbctl("lr-policy-add", "lr", "10", "ip6.dst == fd02::/64", "reroute", "fd00::11,fd00::12");
    for (const route of ["0.0.0.0/0 192.168.1.13", "::/0 fd00::13"]) await nbctl("lr-route-add", "lr", ...route.split(" "));
    await nbctl("--wait=hv", "sync");
    return [
      ...facts,
      { what: "selection method of policies", seen: await fieldsOf(context), expected: `hash by ${fields.join(" ")}` },
      ...(await Promise.all(
        Object.entries(flows).map(async ([what, flow]) => ({
          what,
          seen: await spread(chassis, flow),
          expected: what.startsWith("ICMP") ? "1 next hop in use" : "2 next hops in use",
        })),
      )),
    ];
  },
};

/** What the next hop of a policy depends on. */
const fields = [
  ...["ip_dst", "ip_src", "ipv6_dst", "ipv6_src", "nw_proto"],
  ...["sctp_dst", "sctp_src", "tcp_dst", "tcp_src", "udp_dst", "udp_src"],
];

const one = "nw_src=192.168.1.2,nw_dst=10.1.0.5,nw_ttl=64";
const six = "ipv6_src=fd00::2,ipv6_dst=fd02::5,nw_ttl=64";
/** Packets of one client to one server, by a number: a source port, or the type of an ICMP packet. */
const flows: Readonly<Record<string, (n: number) => string>> = {
  "TCP from 16 ports of an address": (n) => `tcp,${one},tp_src=${1000 + n},tp_dst=80`,
  "UDP over IPv6 from 16 ports of an address": (n) => `udp6,${six},udp_src=${1000 + n},udp_dst=53`,
  "ICMP of 16 types": (n) => `icmp,${one},icmp_type=${n}`,
};

async function fieldsOf(context: CheckContext): Promise<string> {
  const [, method = "none", names = ""] = /^(\S+)(?: by (\S+))?/.exec(await selectionMethod(context)) ?? [];
  return names === "" ? method : `${method} by ${names.split(",").toSorted().join(" ")}`;
}

async function spread({ switchctl }: Chassis, flow: (n: number) => string): Promise<string> {
  const used = new Set<string>();
  for (let n = 0; n < 16; n++) used.add(await bucket(switchctl, flow(n)));
  if (used.has("none")) return "not chosen by a hash";
  return used.size === 1 ? "1 next hop in use" : `${used.size} next hops in use`;
}
