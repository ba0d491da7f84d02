import { dropPatches } from "../../patches/change/drop.ts";
import { examples } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { changeOptions, runChange, type ChangeFlags } from "./run-change.ts";

/** `kovn-build patches drop`: removes patches from a series. */
export const patchesDrop: Define = (command, context) => {
  changeOptions(
    command.argument("<source>", "such as ovs").argument("<patch...>", "names of patches, as `patches list` shows them"),
  )
    .addHelpText(
      "after",
      examples(
        ["kovn-build patches drop ovn nbctl-lb-del-keep-lb --dry-run", "show what that would write, and what needs the patch"],
        ["kovn-build patches drop ovs packaging/no-dpdk", "remove a packaging patch"],
      ),
    )
    .action(async (source: string, patches: readonly string[], options: ChangeFlags) =>
      runChange(source, (read) => dropPatches(patches, read), options, context),
    );
};
