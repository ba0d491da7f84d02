import { pickLine } from "../../config/project.ts";
import { readSeed } from "../../config/seed.ts";
import { readSources } from "../../config/source.ts";
import { listEntries, type ListedEntry } from "../../patches/list.ts";
import { examples, jsonOption, lineOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { Json } from "../../sys/json.ts";

interface ListOptions {
  readonly line?: string;
  readonly json: boolean;
}

/** `kovn-build patches list`: shows how a line covers each entry of the seed. */
export const patchesList: Define = (command, { host, project, print }) => {
  command
    .addOption(lineOption())
    .addOption(jsonOption())
    .addHelpText("after", examples(["kovn-build patches list", "list the entries of the newest line"]))
    .action(async (options: ListOptions) => {
      const found = await project();
      const line = await pickLine(found, options.line);
      const entries = listEntries(await readSeed(found), await readSources(found, line, host));
      print(options.json ? new Json({ schema: 1, line, entries }) : showEntries(entries));
    });
};

function showEntries(entries: readonly ListedEntry[]): string {
  const rows = entries.map(({ entry, seed, source, status, title, patches }) =>
    [String(entry).padStart(2), seed, source, status.padEnd(7), title, patches.join(" ")].join("  ").trimEnd(),
  );
  return `${rows.join("\n")}\n`;
}
