import type { Context } from "../../program/context.ts";
import { examples, jsonOption, repeated, signOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { showOutcome, summarize } from "../../publish/show.ts";
import { yank, type YankRequest } from "../../publish/yank.ts";
import { Json } from "../../sys/json.ts";

interface YankFlags extends Omit<YankRequest, "versions"> {
  readonly json: boolean;
}

/** `kovn-build release yank`: takes versions of packages out of destinations. */
export const releaseYank: Define = (command, context) => {
  command
    .argument("<versions...>", "versions of packages, as apt shows them, such as 3.1.8-1+kovn2.0123abcd.deb12")
    .addOption(repeated("--to <destination>", "apt=DIR | dir=DIR; may be repeated"))
    .addOption(signOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples([
        "kovn-build release yank 3.1.8-1+kovn2.0123abcd.deb12 --to apt=/srv/apt --sign KEY",
        "stop offering a bad version",
      ]),
    )
    .action(async (versions: readonly string[], flags: YankFlags) =>
      context.print(await context.report.run(async ({ host }) => takeOut({ ...flags, versions }, { ...context, host }))),
    );
};

const nothing = "nothing to do, no longer offered";

/** Takes the versions out, and returns what changed. */
async function takeOut(
  { json, ...request }: YankRequest & { readonly json: boolean },
  { host, actions }: Context,
): Promise<string | Json> {
  const outcomes = await yank(request, { host });
  actions?.summarize(["### Taken out", "", ...outcomes.flatMap((outcome) => summarize(outcome, nothing))].join("\n"));
  return json ? new Json({ schema: 1, outcomes }) : outcomes.map((outcome) => showOutcome(outcome, nothing)).join("");
}
