import type { Check, Fact } from "../check.ts";
import { northdFiles, northdPrograms, startNorthd, type Northd } from "../northd.ts";
import { attachLocalnet, attachRouter } from "../topology.ts";

const common = { entry: 13, programs: [...northdPrograms, "ovn-trace"], files: northdFiles, unpatched: "differs" } as const;

/** Entry 13: where a switch with a localnet port sends broadcast ARP requests. */
export const broadcastArp: Check = {
  ...common,
  behavior:
    "with bcast_arp_req_flood=false, an ARP request goes to the port that has the address or to ports with unknown addresses, not to all; routers reply for NAT and load balancer addresses",
  observe: async ({ sandbox, programs }) => {
    const northd = await startNorthd(sandbox, programs);
    await makeSwitch(northd);
    const byDefault = await outputs(northd, "p1", "10.0.0.99");
    await northd.nbctl("set", "NB_Global", ".", "options:bcast_arp_req_flood=false");
    return [
      { what: "by default, p1 asks for 10.0.0.99", seen: byDefault, expected: "ln p2" },
      { what: "ARP flows in ls_in_l2_lkup and ls_in_arp_rsp", seen: await arpFlows(northd), expected: "1 and 3" },
      ...(await requests(northd, "p2")),
    ];
  },
};

/** Entry 13 since line 1.17, where the default is not to flood. */
export const noBroadcastArp: Check = {
  ...common,
  since: "1.17",
  behavior:
    "unless bcast_arp_req_flood is true, an ARP request goes to the port that has the address or to ports with unknown addresses, not to all; routers reply for NAT and load balancer addresses",
  observe: async ({ sandbox, programs }) => {
    const northd = await startNorthd(sandbox, programs);
    await makeSwitch(northd);
    const facts = await requests(northd, "ln, reply");
    await northd.nbctl("set", "NB_Global", ".", "options:bcast_arp_req_flood=true");
    return [
      ...facts,
      { what: "with the option, p1 asks for 10.0.0.99", seen: await outputs(northd, "p1", "10.0.0.99"), expected: "ln p2" },
    ];
  },
};

/** A switch with ports p1 and p2, a localnet port ln, and a router with NAT and a load balancer. */
async function makeSwitch(northd: Northd): Promise<void> {
  const { nbctl } = northd;
  await nbctl("ls-add", "ls0");
  await attachLocalnet(northd, "ls0");
  for (const n of [1, 2])
    await nbctl("lsp-add", "ls0", `p${n}`, "--", "lsp-set-addresses", `p${n}`, `00:00:00:00:00:0${n} 10.0.0.${n + 1}`);
  await nbctl("lr-add", "lr", "--", "lrp-add", "lr", "lr-ls", "00:00:00:00:ff:01", "10.0.0.1/24");
  await attachRouter(northd, "ls0", "lr-ls");
  // A router on one chassis, where NAT works without a gateway port.
  await nbctl("set", "Logical_Router", "lr", "options:chassis=gw");
  await nbctl("lr-nat-add", "lr", "dnat_and_snat", "10.0.0.100", "10.1.0.2");
  await nbctl("lb-add", "lb", "10.0.0.101:80", "10.1.0.3:80", "--", "lr-lb-add", "lr", "lb");
}

/** What happens to requests; in OVN 26.03, the switch itself replies for its ports. */
async function requests(northd: Northd, forPort: string): Promise<readonly Fact[]> {
  return [
    { what: "p1 asks for 10.0.0.99", seen: await outputs(northd, "p1", "10.0.0.99"), expected: "ln" },
    { what: "from outside for 10.0.0.3", seen: await outputs(northd, "ln", "10.0.0.3"), expected: forPort },
    { what: "from outside for the NAT address", seen: await outputs(northd, "ln", "10.0.0.100"), expected: "ln, reply" },
    { what: "from outside for the router's VIP", seen: await outputs(northd, "ln", "10.0.0.101"), expected: "ln, reply" },
  ];
}

/** The ports that get a broadcast ARP request, or the reply of a router. */
async function outputs({ trace }: Northd, port: string, target: string): Promise<string> {
  const mac = port === "p1" ? "00:00:00:00:00:01" : "00:00:00:00:00:99";
  const ethernet = `inport == "${port}" && eth.src == ${mac} && eth.dst == ff:ff:ff:ff:ff:ff`;
  const text = await trace(
    "ls0",
    `${ethernet} && arp.op == 1 && arp.spa == 10.0.0.2 && arp.sha == ${mac} && arp.tpa == ${target}`,
    "--minimal",
  );
  const ports = [...new Set([...text.matchAll(/output\("([^"]+)"\)/g)].map((match) => match[1] ?? ""))].toSorted();
  return `${ports.join(" ") || "none"}${/arp\.op = 2/.test(text) ? ", reply" : ""}`;
}

async function arpFlows({ flows }: Northd): Promise<string> {
  const all = await flows("ls0");
  const count = (stage: string, priority: number, match: RegExp) =>
    all.filter((flow) => flow.stage === stage && flow.priority === priority && match.test(flow.match)).length;
  return `${count("ls_in_l2_lkup", 90, /arp\.op == 1/)} and ${count("ls_in_arp_rsp", 110, /inport == "ln".*arp\.tpa == /)}`;
}
