import type { Check } from "../check.ts";
import { northdFiles, northdPrograms, startNorthd } from "../northd.ts";

/** Entry 12: the priority of routes by source address. */
export const sourceRoutes: Check = {
  entry: 12,
  behavior:
    "a route with policy src-ip has priority 1, or 2 for a single host, so that every longer route to a destination beats it",
  programs: [...northdPrograms, "ovn-trace"],
  files: northdFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const { nbctl, flows, trace } = await startNorthd(sandbox, programs);
    await nbctl("lr-add", "lr", "--", "lrp-add", "lr", "lr-p", "00:00:00:00:ff:01", "192.168.0.1/24", "fd00::1/64");
    await nbctl("lrp-add", "lr", "lr-q", "00:00:00:00:ff:02", "172.16.0.1/12");
    const routes = {
      "10.0.0.0/24": "192.168.0.10",
      "10.0.1.5/32": "192.168.0.10",
      "fd01::/64": "fd00::10",
      "fd01:1::5/128": "fd00::10",
    };
    for (const [prefix, hop] of Object.entries(routes)) await nbctl("--policy=src-ip", "lr-route-add", "lr", prefix, hop);
    await nbctl("lr-route-add", "lr", "20.0.0.0/8", "192.168.0.20");
    const rows = (await flows("lr")).filter((flow) => flow.stage === "lr_in_ip_routing");
    const priority = (prefix: string) => {
      const address = prefix.replace(/\/(32|128)$/, "");
      const row = rows.find((flow) => new RegExp(`ip[46]\\.src == ${address}(/\\d+)?$`).test(flow.match));
      return row === undefined ? "none" : String(row.priority);
    };
    const packet = [
      'inport == "lr-q" && eth.dst == 00:00:00:00:ff:02',
      "ip4.src == 10.0.1.5 && ip4.dst == 20.0.0.5 && ip.ttl == 64",
    ].join(" && ");
    const [, hop = "none"] = /^\s*reg0 = (\S+);$/m.exec(await trace("lr", packet, "--summary")) ?? [];
    return [
      { what: "10.0.0.0/24", seen: priority("10.0.0.0/24"), expected: "1" },
      { what: "10.0.1.5/32", seen: priority("10.0.1.5/32"), expected: "2" },
      { what: "fd01::/64", seen: priority("fd01::/64"), expected: "1" },
      { what: "fd01:1::5/128", seen: priority("fd01:1::5/128"), expected: "2" },
      { what: "next hop from 10.0.1.5 to 20.0.0.5, with a route to 20.0.0.0/8", seen: hop, expected: "192.168.0.20" },
    ];
  },
};
