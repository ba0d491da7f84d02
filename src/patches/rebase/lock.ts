import { dirname } from "node:path";
import { makeFolders } from "../../sys/sync.ts";
import { lockBeside, withLock } from "../../sys/with-lock.ts";
import type { RebaseContext } from "./context.ts";
import { rebaseFolder } from "./state.ts";

/** The folder of the rebase of a source. */
export function folderOf({ project, line, name }: RebaseContext): string {
  return rebaseFolder(project, line, name);
}

/** Runs `work` with the folder of a source's rebase while no other process uses it. */
export async function withRebaseLock<T>(context: RebaseContext, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = folderOf(context);
  await makeFolders(dirname(folder));
  return withLock(lockBeside(folder), { host: context.host, other: `is rebasing ${context.name}` }, async () => work(folder));
}
