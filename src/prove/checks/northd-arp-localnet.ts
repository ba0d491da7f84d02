import type { Check } from "../check.ts";
import { northdFiles, northdPrograms, startNorthd, type Northd } from "../northd.ts";
import { attachLocalnet, attachRouter } from "../topology.ts";

/** Who answers ARP and ND requests from the physical network for the addresses of a router. */
export const arpFromLocalnet: Check = {
  patch: "northd-arp-localnet",
  behavior:
    "ARP and ND requests from a localnet port for the addresses of a router port that is not a gateway port are dropped, unless router_arp_from_localnet is true; those of VIFs are answered",
  programs: [...northdPrograms, "ovn-trace"],
  files: northdFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const northd = await startNorthd(sandbox, programs);
    const { nbctl } = northd;
    await nbctl("ls-add", "ls");
    await attachLocalnet(northd, "ls");
    await nbctl("lsp-add", "ls", "p1", "--", "lsp-set-addresses", "p1", "00:00:00:00:00:01 10.0.0.2");
    await nbctl("lr-add", "lr", "--", "lrp-add", "lr", "lr-ls", "00:00:00:00:ff:01", "10.0.0.1/24", "fd00::1/64");
    await attachRouter(northd, "ls", "lr-ls");
    const outside = await answer(northd, "ln");
    const solicited = await solicitation(northd);
    const inside = await answer(northd, "p1");
    await nbctl("set", "NB_Global", ".", "options:router_arp_from_localnet=true");
    return [
      { what: "ARP from outside for the router's address", seen: outside, expected: "no reply" },
      { what: "neighbor solicitation from outside", seen: solicited, expected: "dropped" },
      { what: "ARP from a VIF", seen: inside, expected: "reply" },
      { what: "from outside, with router_arp_from_localnet=true", seen: await answer(northd, "ln"), expected: "reply" },
    ];
  },
};

async function answer({ trace }: Northd, port: "ln" | "p1"): Promise<string> {
  const mac = port === "p1" ? "00:00:00:00:00:01" : "00:00:00:00:00:99";
  const ethernet = `inport == "${port}" && eth.src == ${mac} && eth.dst == ff:ff:ff:ff:ff:ff`;
  const arp = `arp.op == 1 && arp.spa == 10.0.0.2 && arp.sha == ${mac} && arp.tpa == 10.0.0.1`;
  return /arp\.op = 2/.test(await trace("ls", `${ethernet} && ${arp}`, "--minimal")) ? "reply" : "no reply";
}

/** What happens to neighbor solicitations from the localnet port. A trace of an answer ends ovn-trace 26.03. */
async function solicitation({ flows }: Northd): Promise<string> {
  const stage = (await flows("ls")).filter((flow) => flow.stage === "ls_in_arp_rsp");
  const dropped = stage.some(({ match, action }) => /flags\.localnet.*nd_ns.*fd00::1/.test(match) && action === "drop;");
  return dropped ? "dropped" : "not dropped";
}
