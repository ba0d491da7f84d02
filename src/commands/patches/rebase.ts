import { assertOwn } from "../../config/project.ts";
import { BuildError } from "../../errors.ts";
import type { RebaseContext } from "../../patches/rebase/context.ts";
import { drawPicture } from "../../patches/rebase/picture.ts";
import {
  abortRebase,
  readProgress,
  rebase,
  type Finished,
  type Progress,
  type RebaseRequest,
} from "../../patches/rebase/rebase.ts";
import { sumOf } from "../../patches/rebase/rows.ts";
import { finishedData, progressData, showFinished, showProgress } from "../../patches/rebase/show-progress.ts";
import { showPicture } from "../../patches/rebase/show.ts";
import type { Context } from "../../program/context.ts";
import { examples, jsonOption, lineOption, pinOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import type { Host } from "../../sys/exec.ts";
import { Json } from "../../sys/json.ts";
import { runTask } from "../../sys/run-task.ts";
import { readSourceContext, type SourceOptions } from "./source-context.ts";

interface RebaseOptions extends SourceOptions {
  readonly onto?: string;
  readonly dryRun: boolean;
  readonly continue: boolean;
  readonly skip: boolean;
  readonly abort: boolean;
  readonly status: boolean;
  readonly json: boolean;
}

/** `kovn-build patches rebase`: moves a source to another commit of its upstream. */
export const patchesRebase: Define = (command, context) => {
  command
    .argument("<source>", "such as ovs")
    .option("--onto <commit>", "branch, tag or commit of upstream to move to")
    .option("--dry-run", "show what becomes of each pick and patch; write nothing", false)
    .option("--continue", "take what you resolved, and go on; also after the rebase was killed", false)
    .option("--skip", "drop the pick or patch that waits for you, and go on", false)
    .option("--abort", "end the unfinished rebase; the source stays as it was", false)
    .option("--status", "show how far the unfinished rebase is", false)
    .addOption(lineOption())
    .addOption(pinOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build patches rebase ovs --onto branch-3.5 --dry-run", "show which patches conflict with branch-3.5"],
        ["kovn-build patches rebase ovs --onto branch-3.5", "move there"],
        ["kovn-build patches rebase ovs --continue", "go on after a conflict is resolved"],
      ),
    )
    .action(async (source: string, options: RebaseOptions) => run(source, options, context));
};

async function run(source: string, options: RebaseOptions, context: Context): Promise<void> {
  const { print } = context;
  const { onto } = options;
  const asked = (["continue", "skip", "abort", "status"] as const).filter((name) => options[name]);
  const [mode] = asked;
  if (asked.length + (onto === undefined ? 0 : 1) !== 1 || (options.dryRun && onto === undefined))
    throw new BuildError("usage", "Expected one of `--onto`, `--continue`, `--skip`, `--abort` and `--status`.", {
      hint: `kovn-build patches rebase ${source} --onto BRANCH`,
    });
  const work = await readSourceContext(source, options, context);
  const show = (data: object, text: () => string) => print(options.json ? new Json({ schema: 1, ...data }) : text());
  const watch = async <T>(title: string, of: (own: RebaseContext) => Promise<T>): Promise<T> =>
    context.report.run(async ({ host }) => runTask(host, title, async (below: Host) => of({ ...work, host: below })));
  if (mode === "status") {
    const progress = await readProgress(work);
    const nothing = { line: work.line, source };
    if (progress === undefined) return show(nothing, () => `No rebase of \`${source}\` is unfinished.\n`);
    return show(progressData(progress), () => showProgress(progress));
  }
  if (onto !== undefined && options.dryRun) {
    const picture = await watch(`try ${source} on ${onto}`, async (own) => drawPicture(onto, own));
    return show({ ...picture, sum: sumOf(picture) }, () => showPicture(picture));
  }
  assertOwn(work.project);
  if (mode === "abort") {
    const { onto: was } = await watch(`end the rebase of ${source}`, abortRebase);
    return show(
      { line: work.line, source, onto: was },
      () => `The rebase of ${source} onto ${was.name} is ended; nothing changed.\n`,
    );
  }
  const request: RebaseRequest = onto === undefined ? { kind: mode ?? "continue" } : { kind: "begin", onto };
  const done = await watch(onto === undefined ? `go on with ${source}` : `move ${source} to ${onto}`, async (own) =>
    rebase(request, own),
  );
  if ("rangeDiff" in done) return finish(done, context, show);
  show(progressData(done), () => showProgress(done));
  throw waits(done);
}

function finish(done: Finished, { report }: Context, show: (data: object, text: () => string) => void): void {
  show(finishedData(done), () => showFinished(done));
  for (const note of done.state.written?.notes ?? []) report.write(`${note}\n`);
  if (!done.locked) report.write(`Line ${done.state.line} has no lock, so none is written.\n`);
}

/** The error for a rebase in which a patch waits for a person. */
function waits({ state, files, tree }: Progress): BuildError {
  const { stopped = "", source, line } = state;
  const pick = state.tree?.patches.find(({ name }) => name === stopped)?.pick;
  const what = pick === undefined ? `Patch \`${stopped}\`` : `Pick \`${pick.slice(0, 12)}\`, which becomes patch \`${stopped}\`,`;
  const or = pick === undefined ? "" : `; or --abort, and \`without\` in source.yaml for files that no package is built from`;
  return new BuildError("patch", `${what} conflicts in ${files.join(", ")}.`, {
    hint: `edit them in ${tree}, then git -C ${tree} add FILES, then kovn-build patches rebase ${source} --continue --line ${line}${or}`,
  });
}
