import { join } from "node:path";
import type { Patch } from "../../config/patch.ts";
import type { Source } from "../../config/source.ts";
import type { Host } from "../../sys/exec.ts";
import { am } from "../../sys/git-am.ts";
import { git, initSharing, tryGit, type GitOptions } from "../../sys/git.ts";
import { readBytes } from "../../sys/read-file.ts";
import { checkoutBase } from "../apply.ts";
import { findCauses } from "../conflict-cause.ts";
import { describeConflict } from "../conflict.ts";
import type { Fetched } from "../mirror.ts";

/** A patch as a commit on the old base. */
export interface OldPatch {
  readonly patch: Patch;
  readonly commit: string;
  /** The later patch of the series that it needs, and that is below it here. */
  readonly after: Patch | undefined;
}

/**
 * Makes the patched tree of the old pin in `dir`: the series, then the packaging patches, one commit
 * each. A patch that needs a later one comes after it. Throws "patch" for one that does not apply
 * for another reason.
 */
export async function makeOldTree(
  source: Source,
  packaging: readonly Patch[],
  base: Fetched,
  dir: string,
  host: Host,
): Promise<readonly OldPatch[]> {
  const options = { host, cwd: dir };
  await initSharing(dir, join(base.repository, "objects"), host);
  const { below } = await checkoutBase(source, base, options);
  const after = new Map<Patch, Patch>();
  const done: Patch[] = [];
  let left: readonly Patch[] = [...source.patches, ...packaging];
  for (;;) {
    const failure = await am(
      left.map(({ path }) => path),
      options,
    );
    if (failure === undefined) break;
    done.push(...left.slice(0, failure.position - 1));
    const [patch, ...later] = left.slice(failure.position - 1);
    const ordered = [...done, ...(patch === undefined ? [] : [patch]), ...later];
    const needed = patch === undefined || after.has(patch) ? undefined : await neededBy(patch, ordered, base, options);
    if (patch === undefined || needed === undefined) {
      const own = { ...source, patches: ordered.filter((one) => !packaging.includes(one)) };
      const top = ordered.filter((one) => packaging.includes(one));
      throw await describeConflict(own, { packaging: top, gone: [] }, base, { ...failure, position: done.length + 1 }, options);
    }
    after.set(patch, needed);
    await tryGit(["am", "--quit"], options);
    await git(["reset", "--quiet", "--hard"], options);
    const place = later.indexOf(needed) + 1;
    left = [...later.slice(0, place), patch, ...later.slice(place)];
  }
  const commits = (await git(["rev-list", "--reverse", `${below}..HEAD`], options)).split("\n");
  return [...done, ...left].map((patch, index) => ({ patch, commit: commits[index] ?? "", after: after.get(patch) }));
}

/** The last of the later patches that a patch needs, if these are all that it lacks. */
async function neededBy(patch: Patch, patches: readonly Patch[], base: Fetched, options: GitOptions): Promise<Patch | undefined> {
  const mail = (await readBytes(patch.path, "a patch")).toString("latin1");
  const causes = await findCauses(mail, patch, patches, base, options);
  const needed = causes.flatMap(({ cause }) => (cause.kind === "order" ? [cause.patch] : []));
  return needed.length < causes.length ? undefined : needed.toSorted((a, b) => patches.indexOf(b) - patches.indexOf(a))[0];
}
