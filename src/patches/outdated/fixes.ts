import type { Commit } from "../../sys/git-log.ts";

/** What a line has of its upstream. */
export interface Ours {
  /** The pin, and all commits below it. */
  readonly history: readonly string[];
  /** The commits that the pin has, and newer branches do not. */
  readonly own: readonly Commit[];
  readonly picks: readonly Pick<Commit, "id" | "subject">[];
  /** `origin` is the upstream commit that a patch is from, if it is from one. */
  readonly patches: readonly { readonly name: string; readonly subject: string; readonly origin: string | undefined }[];
}

/** Upstream's commits that only this branch has, and those after it. */
export interface Lane {
  readonly branch: string;
  readonly commits: readonly Commit[];
}

/** A commit that a fix is for, and how the line has it. */
export interface Fixed {
  readonly commit: string;
  /** `copy`: the pin has it under the id `by`. For `patch`, `by` is its name. */
  readonly has: "pin" | "copy" | "pick" | "patch";
  readonly by?: string;
}

/** An upstream commit that looks like a fix of what the line has. */
export interface Fix extends Pick<Commit, "id" | "subject" | "date"> {
  /** The oldest branch that has it. */
  readonly branch: string;
  /** CVE ids in its message. */
  readonly cves: readonly string[];
  /** What its fields `Fixes` name, of what the line has. */
  readonly fixes: readonly Fixed[];
}

/**
 * Finds the commits that look like fixes of what a line has: their message has a CVE id, or a field
 * `Fixes` that names a commit which the pin, a pick or a patch has. A fix that the line has itself is
 * left out; one that is on several branches counts once. Fixes with a CVE id come first, then the newest.
 */
export function findFixes(lanes: readonly Lane[], ours: Ours): readonly Fix[] {
  const all = lanes.flatMap(({ commits }) => commits);
  const has = makeHas(all, ours);
  const isThere = makeIsThere(all, ours);
  const found = new Map<string, Fix>();
  for (const { branch, commits } of lanes)
    for (const commit of commits) {
      const { id, subject, date, message } = commit;
      if (found.has(subject) || isThere(commit)) continue;
      const cves = [...new Set(message.match(/\bCVE-\d{4}-\d{4,}\b/g))];
      const fixes = namedIn(message).flatMap((digits) => has(digits) ?? []);
      if (cves.length + fixes.length > 0) found.set(subject, { id, subject, date, branch, cves, fixes });
    }
  const rank = ({ cves }: Fix) => (cves.length > 0 ? 0 : 1);
  return [...found.values()].toSorted((a, b) => rank(a) - rank(b) || (a.date < b.date ? 1 : a.date > b.date ? -1 : 0));
}

/** The commits that the fields `Fixes` of a message name, often by their first digits only. */
function namedIn(message: string): readonly string[] {
  const fields = message.matchAll(/^Fixes:\s*(?:commit\s+)?([0-9a-f]{7,40})\b/gim);
  return [...new Set([...fields].map(([, digits = ""]) => digits.toLowerCase()))];
}

/** True for a commit whose change the pin, a pick or a patch has. */
function makeIsThere(all: readonly Commit[], { own, picks, patches }: Ours): (commit: Commit) => boolean {
  const ids = new Set([
    ...own.flatMap(({ message }) => copiedIn(message)),
    ...picks.map(({ id }) => id),
    ...patches.flatMap(({ origin }) => origin ?? []),
  ]);
  // A commit that a patch is from has copies on other branches.
  const known = all.filter(({ id }) => ids.has(id));
  const subjects = new Set([...own, ...picks, ...patches, ...known].map(({ subject }) => subject));
  return ({ id, subject }) => ids.has(id) || subjects.has(subject);
}

function copiedIn(message: string): readonly string[] {
  return [...message.matchAll(/\(cherry picked from commit ([0-9a-f]{40})\)/g)].map(([, id = ""]) => id);
}

/** Returns what says how the line has the commit that some digits name; undefined if it does not. */
function makeHas(all: readonly Commit[], { history, own, picks, patches }: Ours): (digits: string) => Fixed | undefined {
  const below = new Set(history);
  const known = new Map(all.map((commit) => [commit.id, commit.subject]));
  const copies = new Map(own.flatMap(({ id, message }) => copiedIn(message).map((from) => [from, id] as const)));
  const bySubject = new Map(own.map(({ id, subject }) => [subject, id]));
  const origins = patches.flatMap(({ origin }) => origin ?? []);
  const resolve = makeResolver([...history, ...known.keys(), ...picks.map(({ id }) => id), ...origins, ...copies.keys()]);
  return (digits) => {
    const commit = resolve(digits);
    if (commit === undefined) return undefined;
    if (below.has(commit)) return { commit, has: "pin" };
    const subject = known.get(commit);
    const copy = copies.get(commit) ?? (subject === undefined ? undefined : bySubject.get(subject));
    if (copy !== undefined) return { commit, has: "copy", by: copy };
    if (picks.some((pick) => pick.id === commit || pick.subject === subject)) return { commit, has: "pick" };
    const patch = patches.find((one) => one.origin === commit || one.subject === subject);
    return patch === undefined ? undefined : { commit, has: "patch", by: patch.name };
  };
}

/** Returns what finds the only one of some ids that begins with digits; undefined for none, or several. */
export function makeResolver(ids: Iterable<string>): (digits: string) => string | undefined {
  const sorted = [...new Set(ids)].toSorted();
  return (digits) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((sorted[middle] ?? "") < digits) low = middle + 1;
      else high = middle;
    }
    const [first, second] = sorted.slice(low, low + 2);
    return first?.startsWith(digits) === true && second?.startsWith(digits) !== true ? first : undefined;
  };
}
