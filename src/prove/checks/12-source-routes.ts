import type { Check } from "../check.ts";
import { northdFiles, northdPrograms, startNorthd } from "../northd.ts";

interface Priorities {
  readonly network: number;
  readonly host: number;
  readonly byDefault: number;
  readonly half: number;
}

/** Entry 12: the priority of routes by source address. */
export const sourceRoutes: Check = compare({ network: 1, byDefault: 2, host: 3, half: 4 });

/** Entry 12 on OVN 26.03, where default routes have other priorities. */
export const newerSourceRoutes: Check = { ...compare({ network: 1, byDefault: 5, host: 8, half: 12 }), since: "1.17" };

function compare({ network, host, byDefault, half }: Priorities): Check {
  return {
    entry: 12,
    behavior: "routes are preferred in this order: to a destination, from a single host, by default, from any other network",
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
      for (const [prefix, hop] of Object.entries({ "20.0.0.0/8": "192.168.0.20", "128.0.0.0/1": "192.168.0.30" }))
        await nbctl("lr-route-add", "lr", prefix, hop);
      for (const [prefix, hop] of Object.entries({ "0.0.0.0/0": "192.168.0.40", "::/0": "fd00::40" }))
        await nbctl("lr-route-add", "lr", prefix, hop);
      const rows = (await flows("lr")).filter((flow) => flow.stage === "lr_in_ip_routing");
      const priority = (prefix: string) => {
        const address = prefix.replace(/\/(32|128)$/, "");
        const row = rows.find((flow) => new RegExp(`ip[46]\\.(src|dst) == ${address}(/\\d+)?$`).test(flow.match));
        return row === undefined ? "none" : String(row.priority);
      };
      const hop = async (source: string, target: string) => {
        const packet = [
          'inport == "lr-q" && eth.dst == 00:00:00:00:ff:02',
          `ip4.src == ${source} && ip4.dst == ${target} && ip.ttl == 64`,
        ].join(" && ");
        return /^\s*reg0 = (\S+);$/m.exec(await trace("lr", packet, "--summary"))?.[1] ?? "none";
      };
      return [
        { what: "10.0.0.0/24", seen: priority("10.0.0.0/24"), expected: String(network) },
        { what: "10.0.1.5/32", seen: priority("10.0.1.5/32"), expected: String(host) },
        { what: "fd01::/64", seen: priority("fd01::/64"), expected: String(network) },
        { what: "fd01:1::5/128", seen: priority("fd01:1::5/128"), expected: String(host) },
        { what: "default, IPv4", seen: priority("0.0.0.0/0"), expected: String(byDefault) },
        { what: "default, IPv6", seen: priority("::/0"), expected: String(byDefault) },
        { what: "128.0.0.0/1", seen: priority("128.0.0.0/1"), expected: String(half) },
        { what: "next hop from 10.0.1.5 to 20.0.0.5", seen: await hop("10.0.1.5", "20.0.0.5"), expected: "192.168.0.20" },
        { what: "from 10.0.1.5 to 30.0.0.5", seen: await hop("10.0.1.5", "30.0.0.5"), expected: "192.168.0.10" },
        { what: "from 10.0.0.5 to 30.0.0.5", seen: await hop("10.0.0.5", "30.0.0.5"), expected: "192.168.0.40" },
      ];
    },
  };
}
