type Refs = ReadonlyMap<string, string>;

/** Upstream's branches among refs of it, or of a clone of it: the commit of each. */
export function branchesIn(refs: Refs): ReadonlyMap<string, string> {
  const below = (folder: string) =>
    [...refs].flatMap(([ref, id]) => (ref.startsWith(folder) ? [[ref.slice(folder.length), id] as const] : []));
  // A branch of the clone goes before the one that the clone has fetched.
  const branches = new Map([...below("refs/remotes/origin/"), ...below("refs/heads/")]);
  branches.delete("HEAD");
  return branches;
}

/** Upstream's releases among its refs: the commit of each version that a tag names. */
export function releasesIn(refs: Refs): ReadonlyMap<string, string> {
  const releases = new Map<string, string>();
  // The commit of an annotated tag follows the tag, as `^{}`.
  for (const [ref, id] of refs) {
    const version = /^refs\/tags\/v?(\d+(?:\.\d+)+)(?:\^\{\})?$/.exec(ref)?.[1];
    if (version !== undefined) releases.set(version, id);
  }
  return releases;
}

/** Compares two versions, or names with a version in them, number by number: semver does not take 22.03. */
export function byVersion(one: string, other: string): number {
  const [own = [], others = []] = [one, other].map((name) => (/\d+(?:\.\d+)*/.exec(name)?.[0] ?? "0").split(".").map(Number));
  const different = own.findIndex((number, index) => number !== (others[index] ?? -1));
  return different < 0 ? own.length - others.length : (own[different] ?? 0) - (others[different] ?? -1);
}

/** The version in a branch's name, with what is around it. */
const versioned = /^(.*?)(\d+(?:\.\d+)+)(.*)$/;

/** Branches that upstream works on, where the branches of its releases begin. */
const development = ["main", "master"];

/**
 * Lists the branches of later releases than a branch's own, oldest first, and the one that upstream
 * works on: `branch-3.2`, ..., `main` for `branch-3.1`.
 */
export function newerBranches(own: string, names: Iterable<string>): readonly string[] {
  const [, before, version, after] = versioned.exec(own) ?? [];
  if (version === undefined) return [];
  const all = [...names];
  const later = all.filter((name) => {
    const [, head, number = "", tail] = versioned.exec(name) ?? [];
    return head === before && tail === after && byVersion(number, version) > 0;
  });
  return [...later.toSorted(byVersion), ...development.filter((name) => all.includes(name)).slice(0, 1)];
}
