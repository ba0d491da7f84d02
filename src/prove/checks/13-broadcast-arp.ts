import type { Check } from "../check.ts";
import { northdFiles, northdPrograms, startNorthd } from "../northd.ts";

/** Entry 13: where a switch with a localnet port sends broadcast ARP requests. */
export const broadcastArp: Check = {
  entry: 13,
  behavior:
    "with bcast_arp_req_flood=false, an ARP request goes to the port that has the address or to ports with unknown addresses, not to all",
  programs: [...northdPrograms, "ovn-trace"],
  files: northdFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const { nbctl, flows, trace } = await startNorthd(sandbox, programs);
    await nbctl("ls-add", "ls0", "--", "lsp-add", "ls0", "ln", "--", "lsp-set-type", "ln", "localnet");
    await nbctl("lsp-set-addresses", "ln", "unknown", "--", "lsp-set-options", "ln", "network_name=physical");
    for (const n of [1, 2])
      await nbctl("lsp-add", "ls0", `p${n}`, "--", "lsp-set-addresses", `p${n}`, `00:00:00:00:00:0${n} 10.0.0.${n + 1}`);
    const outputs = async (port: string, target: string) => {
      const mac = port === "p1" ? "00:00:00:00:00:01" : "00:00:00:00:00:99";
      const ethernet = `inport == "${port}" && eth.src == ${mac} && eth.dst == ff:ff:ff:ff:ff:ff`;
      const text = await trace(
        "ls0",
        `${ethernet} && arp.op == 1 && arp.spa == 10.0.0.2 && arp.sha == ${mac} && arp.tpa == ${target}`,
        "--minimal",
      );
      return (
        [...new Set([...text.matchAll(/output\("([^"]+)"\)/g)].map((match) => match[1] ?? ""))].toSorted().join(" ") || "none"
      );
    };
    const flows13 = async () => {
      const all = await flows("ls0");
      const count = (stage: string, priority: number, match: RegExp) =>
        all.filter((flow) => flow.stage === stage && flow.priority === priority && match.test(flow.match)).length;
      return `${count("ls_in_l2_lkup", 90, /arp\.op == 1/)} and ${count("ls_in_arp_rsp", 110, /inport == "ln".*arp\.tpa == /)}`;
    };
    const byDefault = await outputs("p1", "10.0.0.99");
    await nbctl("set", "NB_Global", ".", "options:bcast_arp_req_flood=false");
    return [
      { what: "by default, p1 asks for 10.0.0.99", seen: byDefault, expected: "ln p2" },
      { what: "ARP flows in ls_in_l2_lkup and ls_in_arp_rsp", seen: await flows13(), expected: "1 and 2" },
      { what: "p1 asks for 10.0.0.99", seen: await outputs("p1", "10.0.0.99"), expected: "ln" },
      { what: "from outside for 10.0.0.3", seen: await outputs("ln", "10.0.0.3"), expected: "p2" },
    ];
  },
};
