import { readLock, type Lock } from "../../config/lock.ts";
import { readSource, type Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { readEdit } from "../edit/state.ts";
import { withLineLock } from "../lock-bases.ts";
import { assertLocked } from "../lock.ts";
import type { RebaseContext } from "../rebase/context.ts";
import { readState, rebaseFolder } from "../rebase/state.ts";
import { withSeriesLock } from "../series-lock.ts";

/** What a change of a source works with. */
export type ChangeContext = RebaseContext;

/** A source that may be changed: nobody else writes it or the lock of its line meanwhile. */
export interface Ready {
  readonly source: Source;
  /** Its folder, and the name of that for messages. */
  readonly dir: string;
  readonly shown: string;
  /** The lock of the line; undefined if it has none. */
  readonly lock: Lock | undefined;
}

/**
 * Runs `work` with a source that may be changed. Throws "usage" for one in the middle of a rebase or
 * an edit (but the one that `own` ends), and "project" for one that differs from its lock.
 */
export async function withReady<T>(context: ChangeContext, work: (ready: Ready) => Promise<T>, own?: "edit"): Promise<T> {
  const { project, line, name, host } = context;
  return withSeriesLock(line, name, project, host, async (dir, shown) =>
    withLineLock(line, project, host, async () => {
      await assertIdle(context, own);
      const source = await readSource(project, line, name, host);
      const lock = await readLock(project, line);
      if (lock !== undefined) assertLocked(source, lock.sources[name], "then this command again");
      return work({ source, dir, shown, lock });
    }),
  );
}

async function assertIdle({ project, line, name }: ChangeContext, own: "edit" | undefined): Promise<void> {
  const rebase = await readState(rebaseFolder(project, line, name));
  if (rebase !== undefined)
    throw new BuildError("usage", `The rebase of \`${name}\` onto \`${rebase.onto.name}\` is not finished.`, {
      hint: `kovn-build patches rebase ${name} --continue --line ${line}, or with --abort instead`,
    });
  const edit = own === "edit" ? undefined : await readEdit(project, line, name);
  if (edit !== undefined)
    throw new BuildError("usage", `The edit of \`${edit.patch}\` of \`${name}\` is not finished.`, {
      hint: `kovn-build patches edit ${name} --continue --line ${line}, or with --abort instead`,
    });
}
