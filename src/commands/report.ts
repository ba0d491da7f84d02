import { basename, join, resolve } from "node:path";
import { Option } from "commander";
import { unknownName } from "../config/names.ts";
import { BuildError } from "../errors.ts";
import type { Context } from "../program/context.ts";
import { examples } from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import { dataOf } from "../report/page/data.ts";
import { drawPage } from "../report/page/page.ts";
import { readRunFolder } from "../report/page/read.ts";
import { makeTrace } from "../report/page/trace.ts";
import { listRuns, runsFolder } from "../run/prune-runs.ts";
import { MissingProgram } from "../sys/exec.ts";
import { execOnDesktop } from "../sys/exec-for-person.ts";
import { exists } from "../sys/files.ts";
import { Json } from "../sys/json.ts";
import { writeWhole } from "../sys/write-whole.ts";

interface ReportOptions {
  readonly open: boolean;
  readonly out?: string;
  readonly trace?: string;
  readonly json: boolean;
}

/** `kovn-build report`: makes the page of a run. */
export const report: Define = (command, context) => {
  command
    .argument("[run]", "name of a folder in .kovn/runs, or a path to one; default: the newest")
    .option("--open", "open the page in a browser (xdg-open)", false)
    .option("--out <file>", "where to write the page; default: report.html in the run's folder")
    .option("--trace <file>", "also write a trace for Perfetto (https://ui.perfetto.dev)")
    .addOption(new Option("--json", "print the run as data and write no page").default(false).conflicts(["open", "out"]))
    .addHelpText(
      "after",
      examples(
        ["kovn-build report", "make the page of the newest run and print its path"],
        ["kovn-build report 20261126T043000Z-4711 --open", "make the page of a run and open it"],
        ["kovn-build report --trace trace.json", "also write a trace for Perfetto"],
      ),
    )
    .action(async (name: string | undefined, options: ReportOptions) => makeReport(name, options, context));
};

async function makeReport(name: string | undefined, options: ReportOptions, context: Context): Promise<void> {
  const { host, print } = context;
  const run = await pickRun(name, (await context.project()).work);
  const found = await readRunFolder(run, host.mask ?? ((text) => text));
  if (options.trace !== undefined) await writeWhole(options.trace, makeTrace(found.run));
  if (options.json) return print(new Json(dataOf(found)));
  const page = options.out ?? join(run, "report.html");
  await writeWhole(page, drawPage(found));
  print(`${page}\n`);
  if (options.open) await open(page, context);
}

/** Returns the folder of a run. Throws "usage", with the runs that there are, for an unknown one. */
async function pickRun(name: string | undefined, work: string): Promise<string> {
  if (name !== undefined && name !== basename(name)) return resolve(name);
  const runs = runsFolder(work);
  const names: string[] = [];
  for (const run of await listRuns(work)) if (await exists(join(runs, run, "events.jsonl"))) names.push(run);
  const picked = name ?? names[0];
  if (picked === undefined)
    throw new BuildError("usage", `No run has left its events in ${runs}.`, { hint: "kovn-build --target linux" });
  if (!names.includes(picked)) throw unknownName("Run", picked, names);
  return join(runs, picked);
}

async function open(page: string, { host }: Context): Promise<void> {
  const opened = await execOnDesktop("xdg-open", [page], host).catch((error: unknown) => {
    if (!(error instanceof MissingProgram)) throw error;
    return undefined;
  });
  if (opened?.exitCode === 0) return;
  const why =
    opened === undefined ? "program `xdg-open` is not installed" : opened.stderr.trim() || "`xdg-open` found no browser";
  throw new BuildError("machine", `The page cannot be opened: ${why}.`, { hint: `open ${page} in a browser` });
}
