import { join } from "node:path";
import type { Check } from "../check.ts";
import { controllerFiles, controllerPrograms, startController, type Chassis } from "../controller.ts";
import { packetsIn } from "../pcap.ts";
import { attachRouter } from "../topology.ts";

/** A router port without a peer that is there for BFD sessions. */
export const bfdOnly: Check = {
  patch: "northd-lrp-bfd-only",
  behavior:
    "the BFD sessions of a router port without a peer that has options:bfd-only run on its gateway chassis, to which other chassis send their packets, and a policy uses a next hop when its session is up",
  programs: controllerPrograms,
  files: controllerFiles,
  unpatched: "differs",
  observe: async (context) => {
    const { sandbox } = context;
    const chassis = await startController(context, []);
    const { nbctl, vsctl, switchctl, flows, database } = chassis;
    await nbctl("lr-add", "lr", "--", "lrp-add", "lr", "lr-ls", "00:00:00:00:ff:01", "10.0.0.1/24");
    await nbctl("ls-add", "ls");
    await attachRouter(chassis, "ls", "lr-ls");
    await nbctl("lsp-add", "ls", "p1", "--", "lsp-set-addresses", "p1", "00:00:00:00:00:01 10.0.0.11");
    await nbctl(
      "lrp-add",
      "lr",
      "lr-bfd",
      "00:00:00:00:ff:02",
      "10.255.255.255/32",
      "--",
      "lrp-set-gateway-chassis",
      "lr-bfd",
      "hv1",
    );
    await nbctl("set", "Logical_Router_Port", "lr-bfd", "options:bfd-only=true");
    const session = await nbctl("create", "BFD", "logical_port=lr-bfd", "dst_ip=10.0.0.11");
    await nbctl("lr-policy-add", "lr", "100", "ip4.dst == 8.0.0.0/8", "reroute", "10.0.0.11");
    const policy = await nbctl("--bare", "--columns=_uuid", "list", "Logical_Router_Policy");
    await nbctl("set", "Logical_Router_Policy", policy, `bfd_sessions=${session}`);
    const port = ["type=dummy", "external-ids:iface-id=p1", "options:tx_pcap=p1.pcap"];
    await vsctl("add-port", "br-int", "p1", "--", "set", "Interface", "p1", ...port);
    await nbctl("wait-until", "Logical_Switch_Port", "p1", "up=true");
    await nbctl("--wait=hv", "sync");
    const redirect = (await flows("lr")).find(
      ({ stage, priority, match }) =>
        stage === "lr_in_ip_input" && priority === 115 && match.includes('!is_chassis_resident("cr-lr-bfd")'),
    );
    const facts = [
      {
        what: "BFD packets to its address on other chassis",
        seen: redirect?.action ?? "not sent on",
        expected: 'outport = "cr-lr-bfd"; flags.loopback = 1; output;',
      },
      { what: "next hop of a policy, while the session is down", seen: await nextHop(chassis), expected: "none" },
    ];
    if (redirect === undefined) return facts;
    await sandbox.waitFor("ovn-controller sends a BFD packet", async () => {
      const packets = await packetsIn(join(sandbox.dir, "p1.pcap"));
      return packets.some((packet) => sentPacket.test(packet)) ? true : undefined;
    });
    const sbctl = ["--timeout=20", `--db=${database}`, "--bare", "--columns=disc", "list", "BFD"];
    await switchctl("netdev-dummy/receive", "p1", reply(Number(await sandbox.ask("ovn-sbctl", sbctl))));
    await nbctl("wait-until", "BFD", session, "status=up");
    return [...facts, { what: "when it is up", seen: await nextHop(chassis), expected: "10.0.0.11" }];
  },
};

async function nextHop({ flows }: Chassis): Promise<string> {
  const policies = (await flows("lr")).filter(({ stage }) => stage.startsWith("lr_in_policy"));
  return policies.flatMap(({ action }) => /reg0 = ([\d.]+);/.exec(action)?.[1] ?? []).join(" ") || "none";
}

/** From 10.255.255.255 to 10.0.0.11, with a TTL of 255, port 3784. */
const sentPacket = /^0000000000010{8}ff010800.{16}ff11.{4}0affffff0a00000b.{4}0ec8/;

/** The answer of the other side that its session comes up. */
function reply(discriminator: number): string {
  const ip = "4500003400000000ff1100000a00000b0affffff";
  const udp = "c0000ec800200000";
  const bfd = `2080ff1800000001${discriminator.toString(16).padStart(8, "0")}000f4240000f424000000000`;
  return `00000000ff010000000000010800${ip}${udp}${bfd}`;
}
