import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { baseId, pinOf } from "../../plan/base.ts";
import type { Host } from "../../sys/exec.ts";
import { gitBytes } from "../../sys/git.ts";
import { runTask } from "../../sys/run-task.ts";
import { count } from "../../sys/text.ts";
import { withScratch } from "../../sys/with-scratch.ts";
import type { Fetched } from "../mirror.ts";
import { withSeriesLock } from "../series-lock.ts";
import type { Imported, ImportContext, ImportRequest } from "./context.ts";
import { readFound } from "./found.ts";
import { openSeed } from "./seed.ts";
import { stackFound } from "./stack.ts";
import { findTarget, openTarget, type Target } from "./target.ts";
import { lockMade, makeSource, putSource } from "./write.ts";

/**
 * Adds patches to the series of a source, or makes the source, and its line, of them. The source's
 * folder is replaced at once, after the new series made the tree that git-apply(1) makes of the
 * patches; then its lock is written. Patches that the series has are left out. Throws "usage",
 * "network" and "patch", and then writes nothing.
 */
export async function importSeries(request: ImportRequest, context: ImportContext): Promise<Imported> {
  const { project, line, name, host } = context;
  const { patches, order, dryRun } = request;
  return withSeriesLock(line, name, project, host, async (dir) =>
    withScratch(project.work, "import", host, async (scratch) => {
      const places = { dir, root: join(scratch, "root") };
      const known = await findTarget(request, context);
      let opened: Promise<Target> | undefined;
      const open = async () => (opened ??= openTarget(known, request, places.root, context));
      const folder = join(scratch, "read");
      await mkdir(folder);
      const found = await readFound(patches, {
        order,
        source: { name, upstream: known.upstream },
        paths: async () => pathsOf((await open()).fetched, host),
        host,
        scratch: folder,
      });
      const target = await open();
      const match = await openSeed(name, project, host);
      const title = `apply ${count(found.length, "patch")} to ${name} at ${target.source.commit.slice(0, 12)}`;
      const stacked = await runTask(host, title, async (below) => stackFound(found, target, match, scratch, below));
      const made = await makeSource(target, stacked, places, context);
      const { locked, isChanged } = await lockMade(made, stacked.tree, context);
      const written = !dryRun && (target.isNew || stacked.mails.size > 0 || isChanged);
      const isLocked = written && (await putSource(target, locked, places, context));
      const { upstream, branch, commit, version, revision } = made;
      const { tree, commit: patched } = locked.bases[baseId(pinOf(made))] ?? { tree: stacked.tree, commit: "" };
      return {
        line,
        source: name,
        isNew: target.isNew,
        upstream,
        branch,
        commit,
        version,
        revision,
        patches: stacked.patches,
        patched: { commit: patched, tree },
        written,
        locked: isLocked || (!dryRun && !isChanged),
        notes: target.notes,
      };
    }),
  );
}

/** The paths of the files of a base, a character for each byte. */
async function pathsOf({ repository, commit }: Fetched, host: Host): Promise<ReadonlySet<string>> {
  const listed = await gitBytes(["ls-tree", "-r", "-z", "--name-only", commit], { host, bare: repository });
  return new Set(listed.toString("latin1").split("\0").filter(Boolean));
}
