import { pickLine } from "../../config/lines.ts";
import { examples, jsonOption, lineOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { readReleased } from "../../release/released.ts";
import { isPrerelease, nextVersion, tagOf } from "../../release/version.ts";
import { Json } from "../../sys/json.ts";

interface NextOptions {
  readonly line?: string;
  readonly preid?: string;
  readonly json: boolean;
}

/** `kovn-build release next`: prints the next version of a line, from the git tags. */
export const releaseNext: Define = (command, context) => {
  command
    .addOption(lineOption())
    .option("--preid <name>", "make it a prerelease of that name, such as rc")
    .addOption(jsonOption())
    .addHelpText("after", examples(["kovn-build release next --preid rc", "print the next release candidate"]))
    .action(async (options: NextOptions) => {
      const { host, print } = context;
      const project = await context.project();
      const line = await pickLine(project, options.line);
      const { versions } = await readReleased(line, project, host);
      const version = nextVersion(line, versions, options.preid);
      const tag = tagOf(version);
      const result = { schema: 1, line, version, tag, prerelease: isPrerelease(version), previous: versions.at(-1) };
      print(options.json ? new Json(result) : `${version}\n`);
    });
};
