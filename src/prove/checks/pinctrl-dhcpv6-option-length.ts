import { join } from "node:path";
import type { Check } from "../check.ts";
import { controllerFiles, controllerPrograms, startController } from "../controller.ts";
import { packetsIn } from "../pcap.ts";

const mac = "f00000000001";
const identity = `0001000a00030001${mac}`;
const address = "0003000c0102030400000e1000001518";

/** Messages of a client, by the last byte of their transaction ID. */
const messages: Readonly<Record<string, { readonly what: string; readonly options: string; readonly expected: string }>> = {
  "01": { what: "client ID longer than its packet", options: `${address}0001020000030001${mac}`, expected: "no answer" },
  "02": { what: "IA_NA without lifetimes", options: `${identity}0003000401020304`, expected: "no answer" },
  "03": { what: "valid message", options: `${identity}${address}`, expected: "answered" },
};

/** What ovn-controller makes of DHCPv6 options whose length is wrong. */
export const dhcpv6OptionLength: Check = {
  patch: "pinctrl-dhcpv6-option-length",
  behavior:
    "ovn-controller does not answer a DHCPv6 client whose options are longer than the packet, so that it sends none of its memory",
  programs: controllerPrograms,
  files: controllerFiles,
  unpatched: "differs",
  observe: async (context) => {
    const { nbctl, vsctl, switchctl } = await startController(context, []);
    await nbctl("ls-add", "ls", "--", "lsp-add", "ls", "p1", "--", "lsp-set-addresses", "p1", "f0:00:00:00:00:01 ae70::4");
    const options = await nbctl("create", "DHCP_Options", 'cidr="ae70::/64"', 'options:server_id="00:00:00:10:00:01"');
    await nbctl("lsp-set-dhcpv6-options", "p1", options);
    const port = ["type=dummy", "external-ids:iface-id=p1", "options:tx_pcap=p1.pcap"];
    await vsctl("add-port", "br-int", "p1", "--", "set", "Interface", "p1", ...port);
    await nbctl("wait-until", "Logical_Switch_Port", "p1", "up=true");
    await nbctl("--wait=hv", "sync");
    for (const [id, message] of Object.entries(messages))
      await switchctl("netdev-dummy/receive", "p1", solicit(id, message.options));
    // ovn-controller answers in the order of the messages, so the last answer is the one to wait for.
    const answered = await context.sandbox.waitFor("the valid message is answered", async () => {
      const ids = (await packetsIn(join(context.sandbox.dir, "p1.pcap"))).map((packet) => advertised.exec(packet)?.[1]);
      return ids.includes(Object.keys(messages).at(-1)) ? ids : undefined;
    });
    return Object.entries(messages).map(([id, { what, expected }]) => ({
      what,
      seen: answered.includes(id) ? "answered" : "no answer",
      expected,
    }));
  },
};

/** An ADVERTISE from port 547 to 546; captures the last byte of its transaction ID. */
const advertised = /^.{108}02230222.{8}020000(..)/;

/** A SOLICIT in Ethernet, IPv6 and UDP, in hex. */
function solicit(id: string, options: string): string {
  const message = `010000${id}${options}`;
  const length = (8 + message.length / 2).toString(16).padStart(4, "0");
  const addresses = "fe80000000000000f20000fffe000001ff020000000000000000000000010002";
  return `333300010002${mac}86dd60000000${length}1101${addresses}02220223${length}ffff${message}`;
}
