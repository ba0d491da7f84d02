import type { UpstreamPick } from "../../config/pick.ts";
import type { Source } from "../../config/source.ts";
import { shortId } from "../../plan/picks.ts";
import { mergeChange } from "../../sys/git-merge.ts";
import { changesOf, copyCommit, partOf, readCommit, takeCommit, type Taking } from "../../sys/git-pick.ts";
import { git, gitBytes, tryGit, type GitOptions } from "../../sys/git.ts";
import { fillFields } from "../fill-fields.ts";
import type { Fetched } from "../mirror.ts";
import { readPicks } from "../picks.ts";
import type { Workshop } from "./merge-file.ts";
import { findFollowed, type Root } from "./roots.ts";
import type { PickRow } from "./rows.ts";
import { followedBy, hunksOf, takeMerged } from "./take.ts";
import { findSubject, type Upstream } from "./upstream.ts";

/** A pick that does not apply to the new base, so it becomes a patch: upstream's commit, and that of the patch. */
interface AsidePick {
  readonly pick: string;
  readonly commit: string;
}

/** What becomes of picks. `below` is the new base with those that apply; HEAD has the others as well. */
export interface MovedPicks {
  readonly rows: readonly PickRow[];
  readonly below: string;
  readonly aside: readonly AsidePick[];
  readonly roots: readonly Root[];
}

/**
 * Takes the picks of a source onto HEAD, which is the new base. Those that do not apply are moved
 * onto them after all others, like patches.
 */
export async function movePicks(source: Source, base: Fetched, upstream: Upstream, workshop: Workshop): Promise<MovedPicks> {
  const { git: options } = workshop;
  const rows: PickRow[] = [];
  const aside: (AsidePick & { readonly index: number })[] = [];
  for (const [index, pick] of source.picks.entries()) {
    options.host.task.say(`pick ${index + 1} of ${source.picks.length}`);
    const { taking, ...row } = await movePick(pick, source, base, upstream, options);
    rows.push({ commit: pick.commit, why: pick.why, hunks: [], ...row });
    if (taking !== undefined) aside.push({ index, pick: pick.commit, commit: await asPatch(taking, options) });
  }
  const below = await git(["rev-parse", "HEAD"], options);
  const roots: Root[] = [];
  for (const { index, commit } of aside) {
    const row = rows[index];
    if (row !== undefined) rows[index] = { ...row, ...(await moveAside(row, commit, roots, workshop)) };
  }
  return { rows, below, aside: aside.map(({ index: _, ...one }) => one), roots };
}

async function movePick(
  pick: UpstreamPick,
  source: Source,
  base: Fetched,
  upstream: Upstream,
  options: GitOptions,
): Promise<Pick<PickRow, "status" | "by"> & { readonly taking?: Taking }> {
  const ancestor = await tryGit(["merge-base", "--is-ancestor", pick.commit, upstream.onto], options);
  const subject = await git(["log", "-1", "--format=%s", pick.commit], options);
  if (ancestor.exitCode === 0) return { status: "upstream", by: { id: pick.commit, subject } };
  const [taking] = await readPicks(source, { ...base, picks: [pick] }, options);
  const taken = taking === undefined ? undefined : await takeCommit(taking, options);
  const by = findSubject(subject, upstream);
  if (taking === undefined || taken === undefined) return { status: "upstream", ...(by === undefined ? {} : { by }) };
  if (!("conflicts" in taken)) return { status: "applies" };
  await git(["reset", "--quiet", "--hard"], options);
  return by === undefined ? { status: "conflicts", taking } : { status: "upstream", by };
}

/** What is taken of a pick as the commit of a patch, with its fields. */
async function asPatch(taking: Taking, options: GitOptions): Promise<string> {
  const part = await partOf(taking, options);
  const raw = await readCommit(part, options);
  const origin = ["interpret-trailers", "--no-divider", "--trailer", `Origin: backport, ${taking.commit}`];
  const input = await gitBytes(origin, { ...options, input: raw.message });
  const { message } = await fillFields(taking.commit, input, [], options);
  return copyCommit({ ...raw, message }, await git(["rev-parse", `${part}^{tree}`], options), taking.parent, options);
}

/** Moves a pick that does not apply onto HEAD as if it were resolved, and finds where it conflicts. */
async function moveAside(
  row: PickRow,
  commit: string,
  roots: Root[],
  workshop: Workshop,
): Promise<Pick<PickRow, "status" | "follows" | "hunks">> {
  const { git: options } = workshop;
  const head = await git(["rev-parse", "HEAD"], options);
  const merged = await mergeChange(commit, "resolve", options);
  const { own, resolved, left } = await takeMerged(commit, head, merged, workshop);
  const changes = await changesOf(commit, `${commit}^`, options);
  const followed = await findFollowed(changes, [...own, ...resolved], roots, new Map(), workshop);
  if (own.length > 0) roots.push({ name: `pick ${shortId(row)}`, files: left });
  const hunks = hunksOf([...own, ...resolved, ...followed]);
  if (own.length > 0) return { status: "conflicts", hunks };
  if (followed.length > 0) return { status: "follows", follows: followedBy(followed), hunks };
  return { status: resolved.length > 0 ? "resolved" : "merges", hunks };
}
