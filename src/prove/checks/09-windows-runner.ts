import type { Check } from "../check.ts";
import { noSource, sourceFact } from "../source-fact.ts";

/** Entry 9: Open vSwitch and its installer on a hosted Windows runner. */
export const windowsRunner: Check = {
  entry: 9,
  behavior:
    "checked in the source, since it is a build on Windows: Python's path separator is not fixed, the installer takes the merge modules of a Visual Studio that the runner has, services name their pidfiles, and the driver is signed with SHA256",
  programs: [],
  files: [],
  unpatched: "differs",
  observe: async ({ readSource }) => {
    const make = await readSource("Makefile.am");
    const installer = await readSource("windows/automake.mk");
    const services = await readSource("windows/ovs-windows-installer/Product.wxs");
    const driver = await readSource("datapath-windows/Package/package.VcxProj");
    if (make === undefined || installer === undefined || services === undefined || driver === undefined) return noSource;
    const always = /<ItemDefinitionGroup>\s*<DriverSign>\s*<FileDigestAlgorithm>SHA256</;
    return [
      sourceFact(`${make.where}: path separator is not fixed`, make.text, /^psep="(?!;")/m, /^psep=";"/m),
      sourceFact(`${installer.where}: merge modules of Visual Studio 2015 are not used`, installer.text, /\.msm/, /VC140/),
      sourceFact(
        `${services.where}: services name their pidfiles`,
        services.text,
        /--pidfile="\[APPDATADIR\]/,
        /--pidfile --service/,
      ),
      sourceFact(`${driver.where}: every configuration signs with SHA256`, driver.text, always),
    ];
  },
};
