import type { UpstreamPick } from "../../config/pick.ts";
import type { Source } from "../../config/source.ts";
import { takeCommit } from "../../sys/git-pick.ts";
import { showBytes } from "../../sys/git-patch.ts";
import { git, tryGit, type GitOptions } from "../../sys/git.ts";
import type { Fetched } from "../mirror.ts";
import { readPicks } from "../picks.ts";
import type { PickRow } from "./rows.ts";
import { findSubject, type Upstream } from "./upstream.ts";

/** Takes the picks of a source onto HEAD, which is the new base, and returns what becomes of each. */
export async function movePicks(
  source: Source,
  base: Fetched,
  upstream: Upstream,
  options: GitOptions,
): Promise<readonly PickRow[]> {
  const rows: PickRow[] = [];
  for (const [index, pick] of source.picks.entries()) {
    options.host.task.say(`pick ${index + 1} of ${source.picks.length}`);
    rows.push({ commit: pick.commit, why: pick.why, ...(await movePick(pick, source, base, upstream, options)) });
  }
  return rows;
}

async function movePick(
  pick: UpstreamPick,
  source: Source,
  base: Fetched,
  upstream: Upstream,
  options: GitOptions,
): Promise<Pick<PickRow, "status" | "by" | "files">> {
  const ancestor = await tryGit(["merge-base", "--is-ancestor", pick.commit, upstream.onto], options);
  const subject = await git(["log", "-1", "--format=%s", pick.commit], options);
  if (ancestor.exitCode === 0) return { status: "upstream", by: { id: pick.commit, subject }, files: [] };
  const [taking] = await readPicks(source, { ...base, picks: [pick] }, options);
  const taken = taking === undefined ? undefined : await takeCommit(taking, options);
  const by = findSubject(subject, upstream);
  if (taken === undefined) return { status: "upstream", ...(by === undefined ? {} : { by }), files: [] };
  if (!("conflicts" in taken)) return { status: "applies", files: [] };
  await git(["reset", "--quiet", "--hard"], options);
  if (by !== undefined) return { status: "upstream", by, files: [] };
  return { status: "conflicts", files: taken.conflicts.map(({ path }) => showBytes(path)) };
}
