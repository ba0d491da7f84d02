import { assertOwn } from "../../config/project.ts";
import { BuildError } from "../../errors.ts";
import { showPreview } from "../../patches/change/show.ts";
import type { ChangeContext } from "../../patches/change/ready.ts";
import { abortEdit, endUntouched, finishEdit, openEdit, type EditEnd, type OpenEdit } from "../../patches/edit/edit.ts";
import type { Context } from "../../program/context.ts";
import { examples, jsonOption, lineOption, pinOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { execOnTerminal } from "../../sys/exec-for-person.ts";
import type { Host } from "../../sys/exec.ts";
import { personEnv } from "../../sys/git-user.ts";
import { runTask } from "../../sys/run-task.ts";
import { changeData, showWritten } from "./run-change.ts";
import { readSourceContext, type SourceOptions } from "./source-context.ts";

interface EditOptions extends SourceOptions {
  readonly continue: boolean;
  readonly skip: boolean;
  readonly abort: boolean;
  readonly json: boolean;
}

/** `kovn-build patches edit`: opens the patched tree at a patch, and writes the series when the person is done. */
export const patchesEdit: Define = (command, context) => {
  command
    .argument("<source>", "such as ovs")
    .argument("[patch]", "name of the patch")
    .argument("[command...]", "after `--`: what to run in the tree; default: your shell")
    .option("--continue", "take what you made in the tree, and go on; also after the edit was killed", false)
    .option("--skip", "drop the later patch that waits for you, and go on", false)
    .option("--abort", "end the unfinished edit; the source stays as it was", false)
    .addOption(lineOption())
    .addOption(pinOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build patches edit ovs qos-noop-free", "open a shell at the patch; exit writes the series"],
        ["kovn-build patches edit ovs qos-noop-free -- sed -i s/old/new/ lib/netdev-linux.c", "run a command there"],
        ["kovn-build patches edit ovs --continue", "go on after a conflict is resolved"],
      ),
    )
    .action(async (source: string, patch: string | undefined, words: readonly string[], options: EditOptions) =>
      run(source, patch, words, options, context),
    );
};

async function run(
  source: string,
  patch: string | undefined,
  words: readonly string[],
  options: EditOptions,
  context: Context,
): Promise<void> {
  const modes = (["continue", "skip", "abort"] as const).filter((name) => options[name]);
  const [mode] = modes;
  if (modes.length + (patch === undefined ? 0 : 1) !== 1)
    throw new BuildError("usage", "Expected a patch, or one of `--continue`, `--skip` and `--abort`.", {
      hint: `kovn-build patches edit ${source} PATCH`,
    });
  if (mode === undefined && words.length === 0 && context.shell === undefined)
    throw new BuildError("usage", "A shell needs a terminal for stdin and stderr, and is refused where `CI` is set.", {
      hint: `kovn-build patches edit ${source} ${patch} -- COMMAND`,
    });
  const work = await readSourceContext(source, options, context);
  assertOwn(work.project);
  const watch = async <T>(title: string, of: (own: ChangeContext) => Promise<T>): Promise<T> =>
    context.report.run(async ({ host }) => runTask(host, title, async (below: Host) => of({ ...work, host: below })));
  if (mode === "abort") {
    const { patch: was } = await watch(`end the edit of ${source}`, abortEdit);
    return context.print(`The edit of ${was} is ended; nothing changed.\n`);
  }
  if (patch !== undefined) {
    const open = await watch(`open ${source} at ${patch}`, async (own) => openEdit(patch, own));
    const code = await runIn(open, words, work, context);
    if (code !== 0) throw await leave(open, code, work);
  }
  const show = options.json
    ? () => undefined
    : (preview: Parameters<typeof showPreview>[0]) => context.print(showPreview(preview));
  const end = await watch(`finish the edit of ${source}`, async (own) => finishEdit(own, { skip: mode === "skip", show }));
  finish(end, work, options, context);
}

/** Runs the person's command or shell in the tree. Returns its exit code. */
async function runIn(
  open: OpenEdit,
  words: readonly string[],
  work: ChangeContext,
  { shell, report, host }: Context,
): Promise<number> {
  const { tree, state, place, of } = open;
  const [program = shell?.program ?? "", ...args] = words;
  const env = { ...personEnv(host), ...(shell === undefined ? {} : { TERM: shell.term, SHELL: shell.program }) };
  if (words.length === 0)
    report.write(
      [
        `This is a shell in ${tree}. HEAD is patch ${state.patch}, ${place} of ${of} of ${work.name}.`,
        "  What you change and do not commit goes into the patch. More commits become more patches.",
        "  exit 0    puts the later patches on top and writes the series",
        "  exit 1    writes nothing",
        "",
      ].join("\n"),
    );
  try {
    return await execOnTerminal(program, args, { host, cwd: tree, env });
  } catch (error) {
    await endUntouched(open, work);
    throw error;
  }
}

/** The error for a command that failed: nothing is written, and what was changed stays. */
async function leave(open: OpenEdit, code: number, work: ChangeContext): Promise<BuildError> {
  const { tree, state } = open;
  const { source, line } = state;
  const ended = `The command in ${tree} ended with exit code ${code}, so nothing is written`;
  if (await endUntouched(open, work)) return new BuildError("build", `${ended}.`);
  const go = (option: string) => `kovn-build patches edit ${source} ${option} --line ${line}`;
  return new BuildError("build", `${ended}. What was changed there stays.`, {
    hint: `${go("--continue")} takes it, ${go("--abort")} removes it`,
  });
}

function finish(end: EditEnd, { name, line }: ChangeContext, { json }: EditOptions, { print }: Context): void {
  if (end.kind === "stopped")
    throw new BuildError(
      "patch",
      `Patch \`${end.patch}\` conflicts with what you made of \`${end.edited}\`: ${end.files.join(", ")}.`,
      {
        hint: `edit them in ${end.tree}, then git -C ${end.tree} add FILES, then kovn-build patches edit ${name} --continue --line ${line}; or with --skip to drop the patch, or --abort`,
      },
    );
  if (json) return print(changeData(end.kind === "written" ? end.preview : undefined, line, name, end.kind !== "unchanged"));
  if (end.kind === "written") return print(showWritten(end.preview));
  print(
    end.kind === "unchanged"
      ? `Patch ${end.patch} is unchanged.\n`
      : `The edit of ${end.patch} was written already, and is locked.\n`,
  );
}
