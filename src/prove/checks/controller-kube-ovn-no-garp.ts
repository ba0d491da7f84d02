import { join } from "node:path";
import type { Check } from "../check.ts";
import { controllerFiles, controllerPrograms, startController } from "../controller.ts";
import { packetsIn } from "../pcap.ts";
import { attachLocalnet } from "../topology.ts";

/** The ports, in the order in which they are bound, and the last byte of their MAC addresses. */
const ports = { kube: "01", other: "02" };

/** Which ports ovn-controller announces on the physical network. */
export const noGarp: Check = {
  patch: "controller-kube-ovn-no-garp",
  behavior: "ovn-controller sends no gratuitous ARPs to the physical network for ports with `external_ids:vendor=kube-ovn`",
  programs: controllerPrograms,
  files: controllerFiles,
  unpatched: "differs",
  observe: async (context) => {
    const chassis = await startController(context, []);
    const { nbctl, vsctl } = chassis;
    await vsctl("add-br", "br-phys", "--", "set", "Bridge", "br-phys", "datapath_type=dummy", "fail-mode=standalone");
    await vsctl("add-port", "br-phys", "nic", "--", "set", "Interface", "nic", "type=dummy", "options:tx_pcap=nic.pcap");
    await vsctl("set", "Open_vSwitch", ".", "external-ids:ovn-bridge-mappings=physical:br-phys");
    await nbctl("ls-add", "ls");
    await attachLocalnet(chassis, "ls");
    await nbctl("lsp-add", "ls", "kube", "--", "set", "Logical_Switch_Port", "kube", "external_ids:vendor=kube-ovn");
    await nbctl("lsp-add", "ls", "other");
    for (const [port, byte] of Object.entries(ports)) {
      await nbctl("lsp-set-addresses", port, `00:00:00:00:00:${byte} 10.0.0.${Number(byte)}`);
      await vsctl("add-port", "br-int", port, "--", "set", "Interface", port, "type=dummy", `external-ids:iface-id=${port}`);
      await nbctl("wait-until", "Logical_Switch_Port", port, "up=true");
    }
    const announcements = async (port: keyof typeof ports) => {
      const packets = await packetsIn(join(context.sandbox.dir, "nic.pcap"));
      return packets.filter((packet) => packet.startsWith(`ffffffffffff0000000000${ports[port]}0806`)).length;
    };
    // The first of the other port was bound earlier.
    await context.sandbox.waitFor("the other port is announced twice", async () =>
      (await announcements("other")) >= 2 ? true : undefined,
    );
    return [
      {
        what: "a port of Kube-OVN",
        seen: (await announcements("kube")) === 0 ? "not announced" : "announced",
        expected: "not announced",
      },
    ];
  },
};
