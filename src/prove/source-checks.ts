import type { Check, Fact } from "./check.ts";

/** Entry 8: the Hyper-V extension, which can neither be built nor run on Linux. */
export const packetExecute = sourceCheck(
  8,
  "differs",
  "checked in the source, since it is a Windows kernel driver: the key attribute is read within the input buffer, and a packet without input port gets the datapath's number",
  async ({ readSource }) => {
    const file = await readSource("datapath-windows/ovsext/User.c");
    if (file === undefined) return noSource;
    const bounded = /MIN\(NlAttrLen\(nlAttrs\[OVS_PACKET_ATTR_KEY\]\),\s*\+?\s*usrParamsCtx->inputLength - keyAttrOffset\)/;
    return [
      has(`${file.where}: length of the key attribute is bounded`, file.text, bounded),
      has("input port may be missing", file.text, /execute->inPort = execute->dpNo;/),
    ];
  },
);

/** Entry 9: Open vSwitch and its installer on a hosted Windows runner. */
export const windowsRunner = sourceCheck(
  9,
  "differs",
  "checked in the source, since it is a build on Windows: Python's path separator is not fixed, the installer takes the merge modules of a Visual Studio that the runner has, services name their pidfiles, and the driver is signed with SHA256",
  async ({ readSource }) => {
    const make = await readSource("Makefile.am");
    const installer = await readSource("windows/automake.mk");
    const services = await readSource("windows/ovs-windows-installer/Product.wxs");
    const driver = await readSource("datapath-windows/Package/package.VcxProj");
    if (make === undefined || installer === undefined || services === undefined || driver === undefined) return noSource;
    const always = /<ItemDefinitionGroup>\s*<DriverSign>\s*<FileDigestAlgorithm>SHA256</;
    return [
      has(`${make.where}: path separator is not fixed`, make.text, /^psep="(?!;")/m, /^psep=";"/m),
      has(`${installer.where}: merge modules of Visual Studio 2015 are not used`, installer.text, /\.msm/, /VC140/),
      has(`${services.where}: services name their pidfiles`, services.text, /--pidfile="\[APPDATADIR\]/, /--pidfile --service/),
      has(`${driver.where}: every configuration signs with SHA256`, driver.text, always),
    ];
  },
);

/** Entry 18: a hook of OVN's package build. Merged upstream in 22.03. */
export const debOptions = sourceCheck(
  18,
  "same",
  "checked in the source, since it is a rule of the package build: debian/rules hands EXTRA_CONFIGURE_OPTS to configure; merged upstream in 22.03.0",
  async ({ readSource }) => {
    const file = await readSource("debian/rules");
    if (file === undefined)
      return {
        skipped:
          "a rule of the package build, merged upstream in 22.03.0: programs do not show it, `kovn-build patches check` does",
      };
    return [has(`${file.where}: EXTRA_CONFIGURE_OPTS`, file.text, /dh_auto_configure .*\$\(EXTRA_CONFIGURE_OPTS\)/s)];
  },
);

/** A check for an entry that changes something which Windows does not have: always skipped. */
export function notOnWindows(entry: number, reason: string): Check {
  return { entry, behavior: reason, programs: [], files: [], unpatched: "same", observe: async () => ({ skipped: reason }) };
}

const noSource = { skipped: "checked in the source, and these programs come without theirs" };

function sourceCheck(entry: number, unpatched: Check["unpatched"], behavior: string, observe: Check["observe"]): Check {
  return { entry, behavior, programs: [], files: [], unpatched, observe };
}

function has(what: string, text: string, pattern: RegExp, gone?: RegExp): Fact {
  return { what, seen: pattern.test(text) && gone?.test(text) !== true ? "yes" : "no", expected: "yes" };
}
