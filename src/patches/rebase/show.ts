import { shortId } from "../../plan/picks.ts";
import { printable } from "../../sys/printable.ts";
import { count } from "../../sys/text.ts";
import {
  isAside,
  sumOf,
  type Hunk,
  type HunkCause,
  type PatchRow,
  type PatchStatus,
  type PickRow,
  type Picture,
  type Place,
  type UpstreamCommit,
} from "./rows.ts";

/** A picture for people: what moves where, a row for each pick and patch with its conflicts below, the sum. */
export function showPicture(picture: Picture): string {
  const { source, from, onto, picks, patches } = picture;
  const width = Math.max(0, ...patches.map(({ name }) => name.length));
  const rows = [
    `${source}: ${showPlace(from)} to ${showPlace(onto)}`,
    ...showDistance(picture),
    ...(picks.length === 0 ? [] : ["", "  picks", ...picks.flatMap(showPick)]),
    "",
    "  series",
    ...patches.flatMap((row, index) => showPatch(row, index, width)),
    "",
    showSum(picture),
  ];
  return `${rows.map((row) => row.trimEnd()).join("\n")}\n`;
}

/** How far the new base is from the old pin, and which commits of that it has neither by id nor by subject. */
export function showDistance({ ahead, behind, lost }: Pick<Picture, "ahead" | "behind" | "lost">): readonly string[] {
  const lacks = behind === 0 ? "" : `; the old pin has ${count(behind, "commit")} that it lacks`;
  const also = lost.length === 0 ? "" : `, ${lost.length} of them also by subject:`;
  return [`  ${count(ahead, "commit")} of upstream${lacks}${also}`, ...lost.map((commit) => `    ${showCommit(commit)}`)];
}

/** A commit, with the version and branch that it is of. */
export function showPlace({ commit, branch, version }: Place): string {
  return `${version} (${branch}, ${commit.slice(0, 12)})`;
}

function showPick(row: PickRow, index: number): readonly string[] {
  const by = row.by === undefined || row.by.id === row.commit ? "" : `: ${showCommit(row.by)}`;
  const says: Readonly<Record<PickRow["status"], string>> = {
    applies: "applies",
    upstream: `already upstream${by}`,
    conflicts: causes.changed,
    follows: showFollows(row.follows),
    resolved: again,
    merges: "merges after the other picks",
  };
  const becomes = isAside(row) ? "; becomes a patch" : "";
  const head = `  ${String(index + 1).padStart(3)}  ${shortId(row)}  ${says[row.status]}${becomes}`;
  return [`${head}  (${printable(row.why)})`, ...showHunks(row.hunks).map((hunk) => `         ${hunk}`)];
}

function showPatch(row: PatchRow, index: number, width: number): readonly string[] {
  const head = `  ${String(index + 1).padStart(3)}  ${row.name.padEnd(width)}  ${showStatus(row)}`;
  return [head, ...showHunks(row.hunks).map((hunk) => `         ${hunk}`)];
}

/** What becomes of a patch, in a few words. */
function showStatus({ status, near = false, follows = [], after, commit }: PatchRow): string {
  const order = after === undefined ? "" : `wrong order: it needs later patch \`${after}\``;
  const says: Readonly<Record<PatchStatus, string>> = {
    unchanged: near ? "unchanged, but upstream changed the lines beside its own" : "unchanged",
    merges: "merges",
    order,
    conflicts: [causes.changed, order].filter(Boolean).join("; "),
    follows: showFollows(follows),
    resolved: [again, order].filter(Boolean).join("; "),
    upstream: `already upstream${commit === undefined ? "" : `: ${showCommit(commit)}`}`,
  };
  return says[status];
}

function showFollows(follows: readonly string[] = []): string {
  return `follows ${follows.map((name) => `\`${name}\``).join(", ")}`;
}

function showCommit({ id, subject }: UpstreamCommit): string {
  return `${id.slice(0, 12)} ${printable(subject)}`;
}

const causes: Readonly<Record<HunkCause, string>> = {
  changed: "upstream changed these lines",
  missing: "upstream has no such file",
  exists: "upstream has such a file",
  deletes: "the patch deletes it, and upstream changed it",
  resolved: "resolved before",
};

const again = `${causes.changed}; resolved before, which git takes again`;

/** The hunks of a patch, a line for each file and cause. */
function showHunks(hunks: readonly Hunk[]): readonly string[] {
  const lines = new Map<string, number[]>();
  const group = ({ file, cause, follows }: Hunk) => JSON.stringify([file, cause, follows]);
  for (const hunk of hunks)
    lines.set(group(hunk), [...(lines.get(group(hunk)) ?? []), ...(hunk.line === undefined ? [] : [hunk.line])]);
  return [...lines].map(([key, of]) => {
    const [file, cause, follows] = JSON.parse(key) as [string, HunkCause, string | null];
    const where = of.length === 0 ? "" : `, ${of.length === 1 ? "line" : "lines"} ${of.join(", ")}`;
    return `${printable(file)}${where}: ${follows === null ? causes[cause] : `follows \`${follows}\``}`;
  });
}

/** The sum of a picture in one line, such as `17 patches: 12 unchanged, 5 conflicts, 2 to resolve`. */
export function showSum(picture: Picture): string {
  const { patches, unchanged, merges, upstream, order, conflicts, toResolve, resolved, picksToResolve } = sumOf(picture);
  const parts = [
    [unchanged, `${unchanged} unchanged`],
    [merges, `${merges} merged`],
    [order, `${order} in wrong order`],
    [upstream, `${upstream} already upstream`],
    [1, conflicts === 0 ? "no conflicts" : `${count(conflicts, "conflict")}, ${toResolve} to resolve`],
    [resolved, `${resolved} resolved before`],
    [picksToResolve, `${count(picksToResolve, "pick")} to resolve`],
  ] as const;
  return `${count(patches, "patch")}: ${parts.flatMap(([number, text]) => (number === 0 ? [] : [text])).join(", ")}`;
}
