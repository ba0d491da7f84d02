import { join } from "node:path";
import type { LockedSource } from "../../config/lock.ts";
import type { SeedEntry } from "../../config/seed.ts";
import type { Source } from "../../config/source.ts";
import { baseId, declaredBases } from "../../plan/base.ts";
import { readText } from "../../sys/read-file.ts";
import { listOf } from "../../list.ts";
import { listEntries, type ListedEntry } from "../list.ts";
import { listsOf } from "../lists.ts";
import type { Change, ChangeRow } from "./change.ts";
import { findMentions } from "./mentions.ts";
import type { ChangeContext } from "./ready.ts";

/** The commit that the series makes of a base, before and after. */
export interface ChangedBase {
  readonly base: string;
  readonly before?: string;
  /** Absent if the base cannot be reached. */
  readonly after?: string;
}

/** What a change writes. */
export interface Preview {
  readonly line: string;
  readonly source: string;
  readonly revision: { readonly before: number; readonly after: number };
  readonly patches: readonly ChangeRow[];
  /** What the lock gets; absent for a line without a lock. */
  readonly lock?: readonly ChangedBase[];
  /** Entries of the seed that have no patch any more. */
  readonly lost: readonly Pick<ListedEntry, "entry" | "seed" | "title">[];
  /** What a person should look at. */
  readonly notes: readonly string[];
}

interface Parts {
  readonly source: Source;
  readonly made: Source;
  readonly old: LockedSource | undefined;
  readonly locked: LockedSource | undefined;
  readonly change: Change;
  readonly dir: string;
  readonly next: string;
  readonly seed: readonly SeedEntry[];
}

/** Describes what a change writes. */
export async function previewOf(parts: Parts, { project, line, name }: ChangeContext): Promise<Preview> {
  const { source, made, old, locked, change } = parts;
  const lock = old === undefined ? {} : { lock: declaredBases(made).flatMap((base) => changedBase(baseId(base), old, locked)) };
  return {
    line,
    source: name,
    revision: { before: source.revision, after: made.revision },
    patches: change.rows,
    ...lock,
    lost: lostEntries(parts),
    notes: [
      ...(await lostComments(parts)),
      ...(await mentionsOf(change, project.root, `patches/${line}/${name}`)),
      ...(await describePage(change, made, line)),
    ],
  };
}

function changedBase(base: string, old: LockedSource, locked: LockedSource | undefined): readonly ChangedBase[] {
  const [before, after] = [old, locked].map((one) => {
    const found = one?.bases[base];
    return found?.packaged?.commit ?? found?.commit;
  });
  if (before === undefined && after === undefined) return [];
  return [{ base, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

/** The entries of the seed that the source had, and has no more. */
function lostEntries({ source, made, seed }: Parts): Preview["lost"] {
  const had = listEntries(seed, [source]);
  const has = listEntries(seed, [made]);
  return had.flatMap(({ entry, seed: id, title, source: of, status }) => {
    const now = has.find((one) => one.seed === id)?.status;
    return of === source.name && status !== "missing" && now === "missing" ? [{ entry, seed: id, title }] : [];
  });
}

/** A note on each comment that went with the patch below it. */
async function lostComments({ made, dir, next }: Parts): Promise<readonly string[]> {
  const notes: string[] = [];
  for (const path of Object.keys(listsOf(made))) {
    const [before = [], after = []] = await Promise.all(
      [dir, next].map(async (folder) => (await readText(join(folder, path), "a project file")).split("\n")),
    );
    const lost = before.filter((row) => row.startsWith("#") && !after.includes(row));
    if (lost.length > 0) notes.push(`\`${path}\` loses the comment above the patch: ${lost.join(" ")}`);
  }
  return notes;
}

async function mentionsOf({ rows }: Change, root: string, folder: string): Promise<readonly string[]> {
  const notes: string[] = [];
  for (const { name, change } of rows) {
    if (change !== "dropped" && change !== "renamed") continue;
    const found = await findMentions(name, root, `${folder}/${name}`);
    if (found.length > 0) notes.push(`\`${name}\` is also named in ${listOf(found)}. Correct these by hand.`);
  }
  return notes;
}

/** The page of a source for users: what its patches change. */
const page = "Documentation/topics/kube-ovn.rst";

/** Which patch has the page that may describe a patch that was dropped. */
async function describePage({ rows }: Change, { patches, name }: Source, line: string): Promise<readonly string[]> {
  if (!rows.some(({ change }) => change === "dropped")) return [];
  for (const patch of patches)
    if ((await readText(patch.path, "a patch")).includes(`\n+++ b/${page}\n`))
      return [
        `If ${page} describes what is dropped: kovn-build patches edit ${name} ${patch.name.replace(/\.patch$/, "")} --line ${line}`,
      ];
  return [];
}
