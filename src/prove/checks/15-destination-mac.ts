import type { Check } from "../check.ts";
import { northdFiles, northdPrograms, startNorthd, type Northd } from "../northd.ts";
import { attachRouter } from "../topology.ts";

/**
 * Entry 15: the destination MAC address of a packet that a switch's load balancer sends to another
 * port of the switch.
 */
export const destinationMac: Check = {
  entry: 15,
  behavior:
    "with ls_dnat_mod_dl_dst, a packet to a virtual IPv4 or IPv6 address gets the MAC address of its backend on the same switch, unless a router is attached",
  programs: [...northdPrograms, "ovn-trace"],
  files: northdFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const northd = await startNorthd(sandbox, programs);
    const { nbctl } = northd;
    await nbctl("lb-add", "lb4", "10.96.0.10:80", "10.0.0.3:80", "--", "lb-add", "lb6", "[fd96::10]:80", "[fd00::3]:80");
    for (const ls of ["ls0", "ls1", "ls2"]) {
      await nbctl("ls-add", ls);
      for (const n of [2, 3])
        await nbctl("lsp-add", ls, `${ls}p${n}`, "--", "lsp-set-addresses", `${ls}p${n}`, `${mac(n)} 10.0.0.${n} fd00::${n}`);
    }
    for (const ls of ["ls0", "ls1"]) await nbctl("ls-lb-add", ls, "lb4", "--", "ls-lb-add", ls, "lb6");
    // Every router port has an IPv6 link-local network as well; it does not count.
    await nbctl("lr-add", "lr", "--", "lrp-add", "lr", "lr-ls", "00:00:00:00:ff:01", "10.0.0.1/24");
    await attachRouter(northd, "ls1", "lr-ls");
    const off = await addresses(northd, "ls0");
    await nbctl("set", "NB_Global", ".", "options:ls_dnat_mod_dl_dst=true");
    const stage = (await northd.flows("ls0")).some((flow) => flow.stage === "ls_in_after_lb");
    return [
      { what: "addresses with a flow, off", seen: off, expected: "none" },
      { what: "on", seen: await addresses(northd, "ls0"), expected: "10.0.0.2 10.0.0.3 fd00::2 fd00::3" },
      { what: "with an IPv4 router", seen: await addresses(northd, "ls1"), expected: "fd00::2 fd00::3" },
      { what: "without virtual addresses", seen: await addresses(northd, "ls2"), expected: "none" },
      { what: "a stage of its own", seen: stage ? "yes" : "no", expected: "no" },
      { what: "IPv4 reaches", seen: await reaches(northd, "ls0", "ip4"), expected: "ls0p3, MAC 00:00:00:00:00:03" },
      { what: "IPv6 reaches", seen: await reaches(northd, "ls0", "ip6"), expected: "ls0p3, MAC 00:00:00:00:00:03" },
      {
        what: "with an IPv4 router",
        seen: await reaches(northd, "ls1", "ip4"),
        expected: "ls1p3, MAC 00:00:00:00:00:03, through the router",
      },
    ];
  },
};

function mac(n: number): string {
  return `00:00:00:00:00:0${n}`;
}

/** The destinations that the switch looks up by IP address. */
async function addresses({ flows }: Northd, ls: string): Promise<string> {
  const found = (await flows(ls))
    .filter(({ stage, priority }) => stage === "ls_in_l2_lkup" && priority === 55)
    .flatMap(({ match }) => /^reg0\[2\] != 0 && ip[46]\.dst == (\S+)$/.exec(match)?.[1] ?? match);
  return found.toSorted().join(" ") || "none";
}

/** Where a packet to the virtual IP address, with the MAC address of a router, ends up. */
async function reaches({ trace }: Northd, ls: string, ip: "ip4" | "ip6"): Promise<string> {
  const [source, target] = ip === "ip4" ? ["10.0.0.2", "10.96.0.10"] : ["fd00::2", "fd96::10"];
  const ethernet = `inport == "${ls}p2" && eth.src == ${mac(2)} && eth.dst == 00:00:00:00:ff:01`;
  const packet = `${ethernet} && ${ip}.src == ${source} && ${ip}.dst == ${target} && ip.ttl == 64 && tcp.src == 1234 && tcp.dst == 80`;
  const text = await trace(ls, packet, "--minimal", ...Array.from({ length: 6 }, () => "--ct=new"));
  const [, to] = /eth\.dst = ([0-9a-f:]+);/.exec(text) ?? [];
  const [, port] = /output\("([^"]+)"\)/.exec(text) ?? [];
  return `${port ?? "nothing"}, MAC ${to ?? "unchanged"}${text.includes("ip.ttl--") ? ", through the router" : ""}`;
}
