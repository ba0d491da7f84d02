import { basename } from "node:path";
import { kubeOvnFile, readKubeOvn, type KubeOvn, type KubeOvnChange } from "../config/kube-ovn.ts";
import type { Patch } from "../config/patch.ts";
import type { Project } from "../config/project.ts";
import type { Source } from "../config/source.ts";
import { makeRecord } from "../record.ts";
import type { Finding } from "./check.ts";

/** How a line covers a change that its release of Kube-OVN makes. */
export interface ListedChange {
  readonly id: string;
  readonly source: string;
  readonly what: string;
  readonly status: "patch" | "pick" | "merged" | "dropped" | "missing";
  /** File names of our patches for it. */
  readonly patches: readonly string[];
  /** The first digits of our pick for it. */
  readonly pick?: string;
  /** First upstream release with it. */
  readonly since?: string;
  /** Why it is dropped. */
  readonly why?: string;
  readonly note?: string;
}

/** The lists of `patches/<line>/kube-ovn.yaml`, with how the line covers each change. */
export interface ListedKubeOvn {
  readonly release: string;
  readonly lists: readonly { readonly title: string; readonly from: string; readonly changes: readonly ListedChange[] }[];
}

/** Says for each change of Kube-OVN's own how a line covers it. */
export function listKubeOvn({ release, lists }: KubeOvn, sources: readonly Source[]): ListedKubeOvn {
  const listed = lists.map((list) => ({ ...list, changes: list.changes.map((change) => listChange(change, sources)) }));
  return { release, lists: listed };
}

function listChange(change: KubeOvnChange, sources: readonly Source[]): ListedChange {
  const { id, source, what, pick, merged, dropped, note } = change;
  const patches = patchesFor(change, sources).map(({ name }) => name);
  const row = { id, source, what, patches, ...(note === undefined ? {} : { note }) };
  if (patches.length > 0) return { ...row, status: "patch", ...(pick === undefined ? {} : { pick }) };
  if (pick !== undefined && hasPick(pick, source, sources)) return { ...row, status: "pick", pick };
  if (merged !== undefined) return { ...row, status: "merged", since: merged.since };
  if (dropped !== undefined) return { ...row, status: "dropped", why: dropped };
  return { ...row, status: "missing" };
}

/** The patches of a source that are for a change: those that it lists, and those whose `Origin` names it. */
function patchesFor({ id, source: name, patches }: KubeOvnChange, sources: readonly Source[]): readonly Patch[] {
  const source = sources.find((one) => one.name === name);
  return (source?.patches ?? []).filter(
    (patch) => patches.some((own) => patch.name === `${own}.patch`) || namesChange(patch.origin, id),
  );
}

/** True if the `Origin` of a patch names a commit, by ten digits or more, or a file, which may have the name of a commit. */
function namesChange(origin: string, id: string): boolean {
  const isCommit = (word: string) => /^[0-9a-f]{10,40}$/.test(word);
  const isSame = (word: string) => isCommit(word) && isCommit(id) && (word.startsWith(id) || id.startsWith(word));
  return origin.split(/[\s,@]+/).some((word) => [word, basename(word)].includes(id) || isSame(basename(word, ".patch")));
}

function hasPick(pick: string, name: string, sources: readonly Source[]): boolean {
  return sources.some((source) => source.name === name && source.picks.some(({ commit }) => commit.startsWith(pick)));
}

/** That a line accounts for Kube-OVN's own changes, and those that upstream has, by source. */
export interface CheckedKubeOvn {
  readonly finding: Finding;
  readonly merged: Readonly<Record<string, Source["merged"]>>;
}

/**
 * Checks that a line accounts for each change of `patches/<line>/kube-ovn.yaml`. Returns undefined
 * if the line has no such file. Throws "project" with the place of each change that has neither
 * patch nor pick, is neither merged nor dropped, or names what the line does not have.
 */
export async function checkKubeOvn(
  project: Project,
  line: string,
  sources: readonly Source[],
): Promise<CheckedKubeOvn | undefined> {
  const schema = kubeOvnFile.superRefine((file, context) => {
    for (const [list, { changes }] of file.lists.entries())
      for (const [index, change] of changes.entries())
        for (const { path, message } of wrongIn(change, line, sources))
          context.addIssue({ code: "custom", path: ["lists", list, "changes", index, ...path], message });
  });
  const file = await readKubeOvn(project, line, schema);
  if (file === undefined) return undefined;
  const changes = file.lists.flatMap((list) => list.changes);
  const ofSource = (name: string) =>
    changes.flatMap(({ id, source, merged }) => (source === name && merged !== undefined ? [{ seed: id, ...merged }] : []));
  const detail = `each of the ${changes.length} changes is a patch, a pick, merged upstream or dropped with a reason`;
  return {
    finding: { source: "all", check: "Kube-OVN's own changes", outcome: "ok", detail },
    merged: makeRecord(sources.map(({ name }) => [name, ofSource(name)])),
  };
}

interface Wrong {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function wrongIn(change: KubeOvnChange, line: string, sources: readonly Source[]): readonly Wrong[] {
  const { id, source: name, patches, pick } = change;
  const source = sources.find((one) => one.name === name);
  if (source === undefined) return [{ path: ["source"], message: `line ${line} has no source ${name}` }];
  const wrong: Wrong[] = patches.flatMap((own, place) => {
    const isThere = source.patches.some((patch) => patch.name === `${own}.patch`);
    return isThere ? [] : [{ path: ["patches", place], message: `${name} has no patch ${own}.patch` }];
  });
  if (pick !== undefined && !hasPick(pick, name, sources)) wrong.push({ path: ["pick"], message: `${name} has no pick ${pick}` });
  if (wrong.length === 0 && listChange(change, sources).status === "missing")
    wrong.push({ path: ["id"], message: `${id} has neither a patch nor a pick here, and is neither merged nor dropped` });
  return wrong;
}
