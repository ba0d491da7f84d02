import { BuildError } from "../errors.ts";
import { inspect as inspectFile, type Inspection } from "../inspect/inspect.ts";
import { showInspections } from "../inspect/show.ts";
import { listOf } from "../list.ts";
import { examples, jsonOption } from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import { Json } from "../sys/json.ts";

/** `kovn-build inspect`: says what files on disk say about how they were built. */
export const inspect: Define = (command, context) => {
  command
    .argument("<files...>", "Debian packages, installers (.msi), zips, programs")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build inspect openvswitch-switch_*.deb", "say from what and with which patches a package was built"],
        ["kovn-build inspect /usr/sbin/ovs-vswitchd --json", "the same of an installed program, as data"],
      ),
    )
    .action(async (files: readonly string[], { json }: { readonly json: boolean }) => {
      const { report, print } = context;
      const inspected = await report.run(async ({ host }) => {
        const all: Inspection[] = [];
        for (const file of files) all.push(await inspectFile(file, host));
        return all;
      });
      print(json ? new Json({ schema: 1, inspected }) : showInspections(inspected));
      const others = inspected.filter(({ ours }) => !ours).map(({ path }) => path);
      if (others.length > 0) throw new BuildError("build", `Not built by kovn-build: ${listOf(others)}.`);
    });
};
