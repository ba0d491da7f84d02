import { renamePatch } from "../../patches/change/rename.ts";
import { examples } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { changeOptions, runChange, type ChangeFlags } from "./run-change.ts";

/** `kovn-build patches rename`: gives a patch another name. */
export const patchesRename: Define = (command, context) => {
  changeOptions(
    command
      .argument("<source>", "such as ovs")
      .argument("<patch>", "name of the patch")
      .argument("<name>", "its new name: lower-case letters, digits and hyphens"),
  )
    .addHelpText(
      "after",
      examples(["kovn-build patches rename ovs qos-noop-free qos-free-noop", "rename a patch; needs no upstream"]),
    )
    .action(async (source: string, patch: string, name: string, options: ChangeFlags) =>
      runChange(source, (read) => renamePatch(patch, name, read), options, context),
    );
};
