import type { Command } from "commander";
import { assertOwn } from "../../config/project.ts";
import type { Source } from "../../config/source.ts";
import type { Change } from "../../patches/change/change.ts";
import { changeSource, writtenPaths } from "../../patches/change/change-source.ts";
import type { Preview } from "../../patches/change/preview.ts";
import { showPreview } from "../../patches/change/show.ts";
import type { Context } from "../../program/context.ts";
import { jsonOption, lineOption, pinOption } from "../../program/values.ts";
import { Json } from "../../sys/json.ts";
import { readSourceContext, type SourceOptions } from "./source-context.ts";

/** The options of the commands that change a series. */
export interface ChangeFlags extends SourceOptions {
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Adds these options. */
export function changeOptions(command: Command): Command {
  return command
    .option("--dry-run", "show what would be written; write nothing", false)
    .addOption(lineOption())
    .addOption(pinOption())
    .addOption(jsonOption());
}

/** Changes a source as `plan` says, shows what is written before it is, and then where. */
export async function runChange(
  name: string,
  plan: (source: Source) => Change | undefined,
  { dryRun, json, ...options }: ChangeFlags,
  context: Context,
): Promise<void> {
  const { print } = context;
  const work = await readSourceContext(name, options, context);
  if (!dryRun) assertOwn(work.project);
  const show = (preview: Preview) => (json ? undefined : print(showPreview(preview)));
  const preview = await context.report.run(async ({ host }) => changeSource(plan, { ...work, host }, { dryRun, show }));
  const isWritten = preview !== undefined && !dryRun;
  if (json) print(changeData(preview, work.line, name, isWritten));
  else if (preview === undefined) print("Nothing changes.\n");
  else print(isWritten ? showWritten(preview) : "Nothing is written (--dry-run).\n");
}

/** A change as data. */
export function changeData(preview: Preview | undefined, line: string, source: string, written: boolean): Json {
  return new Json({ schema: 1, line, source, ...preview, written });
}

/** Where a change was written. */
export function showWritten({ line, source, lock }: Preview): string {
  return `Written: ${writtenPaths(line, source, lock !== undefined).join(", ")}\n`;
}
