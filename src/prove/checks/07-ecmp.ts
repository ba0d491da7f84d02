import { join } from "node:path";
import type { Check, CheckContext, Fact } from "../check.ts";
import { controllerFiles, controllerPrograms, startController, type Chassis } from "../controller.ts";
import { readText } from "../../sys/read-file.ts";
import { attachRouter } from "../topology.ts";

/** Entry 7: how one of several next hops is chosen. */
export const ecmp: Check = {
  entry: 7,
  behavior:
    "OpenFlow groups of ECMP routes choose the next hop by a hash of the source address, of IPv4 and of IPv6; what ovn-controller detects about the datapath moves no source",
  programs: [...controllerPrograms, "ovs-ofctl"],
  files: controllerFiles,
  unpatched: "differs",
  observe: async (context) => (await observeRoutes(context)).facts,
};

/** What ECMP routes do, and the chassis with them. */
export async function observeRoutes(
  context: CheckContext,
): Promise<{ readonly chassis: Chassis; readonly facts: readonly Fact[] }> {
  const chassis = await startController(context, []);
  const { nbctl, vsctl, switchctl } = chassis;
  await nbctl("lr-add", "lr", "--", "lrp-add", "lr", "lr-ls", "00:00:00:00:ff:01", "192.168.1.1/24", "fd00::1/64");
  await nbctl("ls-add", "ls");
  await attachRouter(chassis, "ls", "lr-ls");
  await nbctl("lsp-add", "ls", "p1", "--", "lsp-set-addresses", "p1", "00:00:00:00:00:01 192.168.1.2 fd00::2");
  for (const hop of ["192.168.1.11", "192.168.1.12"]) await nbctl("--ecmp", "lr-route-add", "lr", "10.0.0.0/24", hop);
  for (const hop of ["fd00::11", "fd00::12"]) await nbctl("--ecmp", "lr-route-add", "lr", "fd01::/64", hop);
  await vsctl("add-port", "br-int", "p1", "--", "set", "Interface", "p1", "type=dummy", "external-ids:iface-id=p1");
  await nbctl("--wait=hv", "sync");
  const ipv4 = (source: number) => `tcp,nw_src=192.168.1.${100 + source},nw_dst=10.0.0.5,nw_ttl=64`;
  const ipv6 = (source: number) => `tcp6,ipv6_src=fd00::${100 + source},ipv6_dst=fd01::5,nw_ttl=64`;
  const expected = `each of ${sources} sources keeps one next hop, 2 in use`;
  const before = await hops(switchctl, ipv4);
  await setDetected(context, chassis, false);
  const without = await hops(switchctl, ipv4);
  await setDetected(context, chassis, true);
  const detected = await hops(switchctl, ipv4);
  const moved = before.filter((hop, index) => hop === "none" || hop !== without[index] || hop !== detected[index]).length;
  const facts = [
    { what: "selection method", seen: await selectionMethod(context), expected: "hash by ip_src,ipv6_src" },
    { what: "IPv4", seen: await spread(switchctl, ipv4), expected },
    { what: "IPv6", seen: await spread(switchctl, ipv6), expected },
    {
      what: "L4_SYM dp-hash lost and detected again",
      seen: `${moved} of ${moving} sources moved`,
      expected: `0 of ${moving} sources moved`,
    },
  ];
  return { chassis, facts };
}

const sources = 8;

/** How many sources are compared when a feature of the datapath is detected. */
const moving = 32;

/** Makes ovn-controller believe that the datapath supports L4_SYM dp-hash, or does not. */
async function setDetected({ sandbox }: CheckContext, { nbctl, vsctl }: Chassis, supported: boolean): Promise<void> {
  const datapath = await vsctl("--bare", "--columns=_uuid", "list", "Datapath");
  const line = `dp_hash_l4_sym_support, state: ${supported ? "supported" : "not supported"}`;
  const count = async () => (await readText(join(sandbox.dir, "controller.log"), "a log")).split(line).length;
  const before = await count();
  await vsctl("set", "Datapath", datapath, `capabilities:max_hash_alg=${supported ? 1 : 0}`);
  await sandbox.waitFor("ovn-controller detects the feature", async () => ((await count()) > before ? true : undefined));
  await nbctl("--wait=hv", "sync");
}

/** How the groups on br-int select their buckets. */
export async function selectionMethod({ sandbox }: CheckContext): Promise<string> {
  const bridge = `unix:${join(sandbox.dir, "br-int.mgmt")}`;
  const groups = await sandbox.ask("ovs-ofctl", ["-O", "OpenFlow15", "dump-groups", bridge]);
  const methods = [...groups.matchAll(/selection_method=([^,]+).*?(?:fields\(([^)]*)\)|,bucket)/g)];
  return [...new Set(methods.map(([, method, fields]) => [method, fields].filter(Boolean).join(" by ")))].join("; ") || "none";
}

/** The bucket (next hop) of one packet from each of `moving` sources. */
async function hops(switchctl: Chassis["switchctl"], packet: (source: number) => string): Promise<readonly string[]> {
  const all: string[] = [];
  for (let source = 0; source < moving; source++) all.push(await bucket(switchctl, `${packet(source)},tp_src=1000,tp_dst=80`));
  return all;
}

/** The bucket that a packet from p1 takes, as a trace of br-int shows it. */
export async function bucket(switchctl: Chassis["switchctl"], packet: string): Promise<string> {
  const ethernet = "in_port=p1,dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:ff:01";
  const trace = await switchctl("ofproto/trace", "br-int", `${ethernet},${packet}`);
  // With dp_hash the datapath chooses, so a trace shows no bucket.
  return /using bucket (\d+)/.exec(trace)?.[1] ?? "none";
}

/**
 * Traces packets of two TCP ports from each source, and describes which of the group's buckets
 * (next hops) they take.
 */
async function spread(switchctl: Chassis["switchctl"], packet: (source: number) => string): Promise<string> {
  const used = new Set<string>();
  for (let source = 0; source < sources; source++) {
    const own = new Set<string>();
    for (const port of [1000, 2000]) own.add(await bucket(switchctl, `${packet(source)},tp_src=${port},tp_dst=80`));
    if (own.size > 1 || own.has("none")) return "not chosen by source";
    for (const hop of own) used.add(hop);
  }
  return `each of ${sources} sources keeps one next hop, ${used.size} in use`;
}
