import { listResults, sizeOf, type StoredEntry } from "../../cache/entry.ts";
import { cacheFolder, checkVersion, entriesLimit } from "../../cache/folder.ts";
import { compilations } from "../../compile/ccache.ts";
import type { Context } from "../../program/context.ts";
import { examples, jsonOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { formatSize } from "../../sys/size.ts";

/** `kovn-build cache list`: lists the cached results, the last used first, and the sums. */
export const cacheList: Define = (command, context) => {
  command
    .addOption(jsonOption())
    .addHelpText("after", examples(["kovn-build cache list", "show what is cached and how large it is"]))
    .action(async (options: { readonly json: boolean }) => context.print(await list(options, context)));
};

async function list({ json }: { readonly json: boolean }, context: Context): Promise<string> {
  const { work } = await context.project();
  const cache = cacheFolder(work);
  await checkVersion(cache);
  const entries = await listResults(cache);
  const compiled = await compilations(cache, context.host);
  if (json) return `${JSON.stringify({ schema: 1, entries: entries.map(jsonOf), compilations: compiled }, undefined, 2)}\n`;
  const total = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  const sums = [
    `${entries.length} of at most ${formatSize(entriesLimit)}: ${formatSize(total)}\n`,
    ...(compiled === undefined ? [] : [`compilations of at most ${formatSize(compiled.limit)}: ${formatSize(compiled.size)}\n`]),
  ];
  return [...entries.map(showResult), ...sums].join("");
}

function jsonOf(entry: StoredEntry) {
  const { key, finished, used, built, parts } = entry;
  return { key, finished, used: new Date(used).toISOString(), size: sizeOf(entry), job: built.id, parts };
}

function showResult(entry: StoredEntry): string {
  const { key, parts, built, finished, used } = entry;
  const what = ["target", "line", "variant", "architecture"].map((name) => parts[name]).join(" ");
  const columns = [key.slice(0, 12), built.id.padEnd(12), what, `built ${minute(finished)}`];
  return `${[...columns, `used ${minute(new Date(used).toISOString())}`, formatSize(sizeOf(entry))].join("  ")}\n`;
}

function minute(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}
