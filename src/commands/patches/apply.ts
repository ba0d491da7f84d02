import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { pickLine } from "../../config/lines.ts";
import type { Project } from "../../config/project.ts";
import { listSources, readSource } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { clonePatched } from "../../patches/apply.ts";
import { fetchReachable } from "../../patches/bases.ts";
import { findPatch } from "../../patches/find-patch.ts";
import { seriesOf, writeNote } from "../../patches/tree-note.ts";
import { pickContent } from "../../plan/picks.ts";
import { allowedBases } from "../../plan/base.ts";
import { examples, fromOption, lineOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { parseFrom } from "../../config/from.ts";
import type { Host } from "../../sys/exec.ts";
import { whyUnwritable } from "../../sys/disk.ts";
import { errorCode } from "../../sys/processes.ts";
import { count } from "../../sys/text.ts";

interface ApplyOptions {
  readonly line?: string;
  readonly from: readonly string[];
  /** Name of a patch; only those before it are applied. */
  readonly until?: string;
}

/** `kovn-build patches apply`: makes the patched tree as commits, in a repository of its own. */
export const patchesApply: Define = (command, context) => {
  command
    .argument("<source>", "such as ovs")
    .argument("<dir>", "folder that does not exist yet")
    .addOption(lineOption())
    .addOption(fromOption())
    .option("--until <patch>", "apply only the patches before this one")
    .addHelpText("after", examples(["kovn-build patches apply ovs work/ovs", "make the patched Open vSwitch to work on"]))
    .action(async (source: string, dir: string, options: ApplyOptions) => {
      const project = await context.project();
      context.print(await context.report.run(async ({ host }) => apply(source, resolve(dir), options, project, host)));
    });
};

/** Makes the tree and returns a sentence with its commit. */
async function apply(name: string, dir: string, options: ApplyOptions, project: Project, host: Host): Promise<string> {
  await assertEmpty(dir);
  const line = await pickLine(project, options.line);
  const whole = await readSource(project, line, name, host);
  const until = options.until === undefined ? undefined : findPatch(options.until, whole, whole.patches);
  const source = until === undefined ? whole : { ...whole, patches: whole.patches.slice(0, whole.patches.indexOf(until)) };
  const allowed = allowedBases(source, parseFrom(options.from, await listSources(project, line)));
  const reach = { work: project.work, refreshApt: false, host };
  const fetched = await fetchReachable(name, allowed, reach);
  const patched = await clonePatched(source, fetched, source.place, dir, host);
  const picks = source.picks.map(pickContent);
  const note = { line, source: name, base: patched.below, pin: source.commit, picks, series: seriesOf(whole) };
  await writeNote(until === undefined ? note : { ...note, until: until.name }, dir, host);
  const picked = fetched.picks.length === 0 ? "" : `${count(fetched.picks.length, "pick")} and `;
  return `${patched.commit}  ${picked}${count(source.patches.length, "patch")} on ${fetched.commit} in ${dir}\n`;
}

async function assertEmpty(dir: string): Promise<void> {
  const content = await readdir(dir).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw new BuildError("usage", `Folder ${dir} cannot be used: ${String(error)}`, { cause: error });
  });
  if (content.length > 0)
    throw new BuildError("usage", `Folder ${dir} is not empty.`, { hint: "name a folder that does not exist yet" });
  const why = await whyUnwritable(dir);
  if (why !== undefined) throw new BuildError("machine", `Folder ${dir} cannot be made: ${why}.`);
}
