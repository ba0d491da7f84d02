import type { Check } from "../check.ts";
import { northdFiles, northdPrograms, startNorthd, type Northd } from "../northd.ts";
import { attachLocalnet, attachRouter } from "../topology.ts";

/** The source MAC address of packets that a router sends back to their switch. */
export const modDlSrc: Check = {
  patch: "northd-ls-router-mod-dl-src",
  behavior:
    "on a switch with localnet ports, packets of a VIF that a router sends back get the MAC address of the VIF as source, unless ls_router_mod_dl_src is false; those from other switches keep that of the router",
  programs: [...northdPrograms, "ovn-trace"],
  files: northdFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const northd = await startNorthd(sandbox, programs);
    const { nbctl } = northd;
    await nbctl("lr-add", "lr", "--", "lrp-add", "lr", "lr-ls0", "00:00:00:00:ff:01", "10.0.0.1/24");
    await nbctl("lrp-add", "lr", "lr-ls1", "00:00:00:00:ff:02", "10.0.1.1/24");
    for (const n of [0, 1]) {
      await nbctl("ls-add", `ls${n}`);
      await attachRouter(northd, `ls${n}`, `lr-ls${n}`);
      await nbctl("lsp-add", `ls${n}`, `p${n}`, "--", "lsp-set-addresses", `p${n}`, `${mac(n)} 10.0.${n}.2`);
    }
    await attachLocalnet(northd, "ls0");
    await nbctl("lr-route-add", "lr", "0.0.0.0/0", "10.0.0.254");
    await nbctl("static-mac-binding-add", "lr-ls0", "10.0.0.254", "00:00:00:00:00:fe");
    const own = await sent(northd, 0);
    const other = await sent(northd, 1);
    await nbctl("set", "NB_Global", ".", "options:ls_router_mod_dl_src=false");
    return [
      { what: "from a VIF of the switch", seen: own, expected: "ln, MAC of the VIF" },
      { what: "from another switch", seen: other, expected: "ln, MAC of the router" },
      { what: "with ls_router_mod_dl_src=false", seen: await sent(northd, 0), expected: "ln, MAC of the router" },
    ];
  },
};

/** Where a packet of port p0 or p1 goes that its router sends to the physical gateway, and its source MAC address. */
async function sent({ trace }: Northd, n: 0 | 1): Promise<string> {
  const ethernet = `inport == "p${n}" && eth.src == ${mac(n)} && eth.dst == 00:00:00:00:ff:0${n + 1}`;
  const text = await trace(`ls${n}`, `${ethernet} && ip4.src == 10.0.${n}.2 && ip4.dst == 8.8.8.8 && ip.ttl == 64`, "--minimal");
  const source = [...text.matchAll(/eth\.src = ([0-9a-f:]+);/g)].at(-1)?.[1] ?? "unchanged";
  const port = /output\("([^"]+)"\)/.exec(text)?.[1] ?? "nothing";
  return `${port}, MAC ${source === "00:00:00:00:ff:01" ? "of the router" : source === mac(n) ? "of the VIF" : source}`;
}

function mac(n: number): string {
  return `00:00:00:00:00:0${n + 1}`;
}
