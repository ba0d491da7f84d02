import { join } from "node:path";
import { readText } from "../../sys/read-file.ts";
import type { Check } from "../check.ts";
import { northdFiles, northdPrograms, startNorthd, type Northd } from "../northd.ts";
import { attachLocalnet, attachRouter } from "../topology.ts";

/** What logical flows contain while older ovn-controllers are not upgraded yet. */
export const versionCompatibility: Check = {
  patch: "northd-version-compatibility",
  behavior:
    "with version_compatibility, logical flows contain only what ovn-controllers of that version know; a value that begins with _ is not in force",
  programs: northdPrograms,
  files: northdFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const northd = await startNorthd(sandbox, programs);
    const { nbctl } = northd;
    await nbctl("ls-add", "ls0", "--", "lsp-add", "ls0", "p0");
    await nbctl("lsp-set-addresses", "p0", "00:00:00:00:00:01 10.0.0.2 fd00::2");
    await attachLocalnet(northd, "ls0", "localnet_learn_fdb=true");
    await nbctl("lr-add", "lr", "--", "lrp-add", "lr", "lr-ls", "00:00:00:00:ff:01", "10.0.0.1/24");
    await attachRouter(northd, "ls0", "lr-ls");
    await nbctl("lb-add", "lb0", "10.96.0.10:80", "10.0.0.3:80", "--", "ls-lb-add", "ls0", "lb0");
    await nbctl("set", "Load_Balancer", "lb0", "options:affinity_timeout=60");
    const all = news.join(" ");
    const seen: Record<string, string> = {};
    for (const version of ["22.03", "22.06", "22.12", "22.12.3", "_22.03", "22.x"]) {
      await nbctl("set", "NB_Global", ".", `options:version_compatibility="${version}"`);
      seen[version] = await used(northd);
    }
    const log = await readText(join(sandbox.dir, "northd.log"), "a log");
    return [
      { what: "22.03", seen: seen["22.03"] ?? "", expected: "none" },
      { what: "22.06", seen: seen["22.06"] ?? "", expected: news.slice(0, 2).join(" ") },
      { what: "22.12", seen: seen["22.12"] ?? "", expected: news.slice(0, 5).join(" ") },
      { what: "22.12.3", seen: seen["22.12.3"] ?? "", expected: all },
      { what: "_22.03", seen: seen["_22.03"] ?? "", expected: all },
      { what: "22.x", seen: seen["22.x"] ?? "", expected: all },
      { what: "22.x logged", seen: /\|WARN\|.*version_compatibility "22\.x"/.test(log) ? "yes" : "no", expected: "yes" },
    ];
  },
};

/** What OVN 22.03.0 does not know: two of 22.06, three of 22.12 and two of 22.12.3. */
const news = [
  ...["check_in_port_sec", "check_out_port_sec"],
  ...["chk_lb_aff", "commit_lb_aff", "rarp"],
  ...["flags.localnet", "nd_ns_mcast"],
];

/** Which of them the logical flows of the switch contain. */
async function used({ flows }: Northd): Promise<string> {
  const text = (await flows("ls0")).map((flow) => `${flow.match} ${flow.action}`).join("\n");
  return news.filter((word) => text.includes(word)).join(" ") || "none";
}
