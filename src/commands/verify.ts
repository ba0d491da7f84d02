import { Option } from "commander";
import { distFolder } from "../config/project.ts";
import { examples, jsonOption } from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import { Json } from "../sys/json.ts";
import { showVerifications, verificationMarkdown } from "../verify/show.ts";
import { assertVerified, verify as verifyAll } from "../verify/verify.ts";

interface VerifyFlags {
  readonly json: boolean;
  readonly markdown: boolean;
}

/** `kovn-build verify`: looks at the bytes of built artifacts. */
export const verify: Define = (command, context) => {
  command
    .argument("[paths...]", "folders of `build`, or files of one (.deb, .msi, .zip); default: dist in the project's folder")
    .addOption(jsonOption())
    .addOption(new Option("--markdown", "print Markdown").default(false).conflicts("json"))
    .addHelpText(
      "after",
      examples(
        ["kovn-build verify", "check everything in dist/"],
        ["kovn-build verify dist/linux --markdown", "check the packages, and print a report as Markdown"],
        ["kovn-build verify dist/windows/OpenvSwitch-3.7.2+kovn1.1a2b3c4d-x64.msi", "check one file of a build"],
      ),
    )
    .action(async (paths: readonly string[], options: VerifyFlags) => {
      const { report, print, actions } = context;
      const named = paths.length > 0 ? paths : [distFolder(await context.project())];
      const found = await report.run(async ({ host }) => verifyAll(named, host));
      const markdown = verificationMarkdown(found);
      actions?.summarize(markdown);
      print(options.json ? new Json({ schema: 1, verified: found }) : options.markdown ? markdown : showVerifications(found));
      assertVerified(found);
    });
};
