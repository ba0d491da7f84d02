import { join } from "node:path";
import { Argument } from "commander";
import { packageRoot } from "../config/package.ts";
import { errorCodes, pageOfError, type ErrorCode } from "../errors.ts";
import { examples } from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import { readText } from "../sys/read-file.ts";

/** `kovn-build explain`: prints the page of an error's code, which is in the package. */
export const explain: Define = (command, context) => {
  command
    .addArgument(
      new Argument("[code]", "code that the last line of an error names; default: the list of codes").choices([
        ...errorCodes,
        "bug",
      ]),
    )
    .addHelpText(
      "after",
      examples(
        ["kovn-build explain", "list the codes and what each means"],
        ["kovn-build explain digest", "say what it means that bytes are not the declared ones, and what to do"],
      ),
    )
    .action(async (code?: ErrorCode | "bug") => {
      const page = code === undefined ? "docs/errors.md" : pageOfError(code);
      context.print(await readText(join(packageRoot, page), "a project file"));
    });
};
