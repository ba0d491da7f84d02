import type { Check } from "../check.ts";
import { noSource, sourceFact } from "../source-fact.ts";

/** Entry 8: the Hyper-V extension, which can neither be built nor run on Linux. */
export const packetExecute: Check = {
  entry: 8,
  behavior:
    "checked in the source, since it is a Windows kernel driver: the key attribute is read within the input buffer, and a packet without input port gets the datapath's number",
  programs: [],
  files: [],
  unpatched: "differs",
  observe: async ({ readSource }) => {
    const file = await readSource("datapath-windows/ovsext/User.c");
    if (file === undefined) return noSource;
    const bounded = /MIN\(NlAttrLen\(nlAttrs\[OVS_PACKET_ATTR_KEY\]\),\s*\+?\s*usrParamsCtx->inputLength - keyAttrOffset\)/;
    return [
      sourceFact(`${file.where}: length of the key attribute is bounded`, file.text, bounded),
      sourceFact("input port may be missing", file.text, /execute->inPort = execute->dpNo;/),
    ];
  },
};
