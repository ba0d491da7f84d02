import type { Check } from "../check.ts";
import { northdFiles, northdPrograms, startNorthd } from "../northd.ts";

/**
 * Entry 15: the destination MAC address of a packet that a switch's load balancer sends to another
 * port of the switch.
 */
export const destinationMac: Check = {
  entry: 15,
  behavior:
    "with ls_dnat_mod_dl_dst, a packet to a virtual IPv4 or IPv6 address gets the MAC address of its backend on the same switch",
  programs: [...northdPrograms, "ovn-trace"],
  files: northdFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const { nbctl, flows, trace } = await startNorthd(sandbox, programs);
    await nbctl("lr-add", "lr", "--", "lrp-add", "lr", "lr-ls", "00:00:00:00:ff:01", "10.0.0.1/24", "fd00::1/64");
    await nbctl("ls-add", "ls0", "--", "lsp-add", "ls0", "ls-lr", "--", "lsp-set-type", "ls-lr", "router");
    await nbctl("lsp-set-options", "ls-lr", "router-port=lr-ls", "--", "lsp-set-addresses", "ls-lr", "router");
    for (const n of [2, 3])
      await nbctl("lsp-add", "ls0", `p${n}`, "--", "lsp-set-addresses", `p${n}`, `00:00:00:00:00:0${n} 10.0.0.${n} fd00::${n}`);
    await nbctl("lb-add", "lb4", "10.96.0.10:80", "10.0.0.3:80", "--", "ls-lb-add", "ls0", "lb4");
    await nbctl("lb-add", "lb6", "[fd96::10]:80", "[fd00::3]:80", "--", "ls-lb-add", "ls0", "lb6");
    const priorities = async () => {
      const stage = (await flows("ls0")).filter((flow) => flow.stage === "ls_in_after_lb");
      return [...new Set(stage.map((flow) => flow.priority))].toSorted((a, b) => b - a).join(" ") || "no such stage";
    };
    const reaches = async (ip: string, source: string, target: string) => {
      const ethernet = 'inport == "p2" && eth.src == 00:00:00:00:00:02 && eth.dst == 00:00:00:00:ff:01';
      const packet = `${ethernet} && ${ip}.src == ${source} && ${ip}.dst == ${target} && ip.ttl == 64 && tcp.src == 1234 && tcp.dst == 80`;
      const text = await trace("ls0", packet, "--minimal", ...Array.from({ length: 6 }, () => "--ct=new"));
      const [, mac] = /eth\.dst = ([0-9a-f:]+);/.exec(text) ?? [];
      const [, port] = /output\("([^"]+)"\)/.exec(text) ?? [];
      return `${port ?? "nothing"}, MAC ${mac ?? "unchanged"}${text.includes("ip.ttl--") ? ", through the router" : ""}`;
    };
    const off = await priorities();
    await nbctl("set", "NB_Global", ".", "options:ls_dnat_mod_dl_dst=true");
    return [
      { what: "priorities in ls_in_after_lb, off", seen: off, expected: "0" },
      { what: "on", seen: await priorities(), expected: "100 60 50 0" },
      { what: "IPv4 reaches", seen: await reaches("ip4", "10.0.0.2", "10.96.0.10"), expected: "p3, MAC 00:00:00:00:00:03" },
      { what: "IPv6 reaches", seen: await reaches("ip6", "fd00::2", "fd96::10"), expected: "p3, MAC 00:00:00:00:00:03" },
    ];
  },
};
