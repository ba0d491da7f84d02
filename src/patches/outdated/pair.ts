import { BuildError } from "../../errors.ts";
import type { Host } from "../../sys/exec.ts";
import { changesOf } from "../../sys/git-pick.ts";
import { git, gitBytes, tryGit } from "../../sys/git.ts";
import { fetchMirrorBlobs, fetchMirrorHistories } from "../mirror-more.ts";
import type { Fetched } from "../mirror.ts";
import { comparePrototypes, readPrototypes, type Prototype, type PrototypeChange } from "./prototypes.ts";

/** A source at a commit; `mirror` has its history, and for the first of a pair the contents of its files. */
export interface Side {
  readonly name: string;
  readonly commit: string;
  readonly mirror: Fetched;
}

/** Two sources of a line that upstream builds together: OVN names the Open vSwitch that it was tested with. */
export interface Pair {
  /** The pins, or the newest commits of their branches. */
  readonly of: "pins" | "tips";
  readonly source: string;
  readonly other: string;
  /** The commit of `other` that the tree of `source` names, as a submodule. */
  readonly named: string;
  /** The commit of `other` that it is compared with. */
  readonly commit: string;
  /** How `commit` compares with `named`; absent if upstream of `other` does not have `named`. */
  readonly compared?: {
    readonly ahead: number;
    readonly behind: number;
    /** Functions of the headers of `other` that `source` uses, and whose prototype changed. */
    readonly prototypes: readonly PrototypeChange[];
  };
}

/** Compares a source with another one that its tree names; undefined if it names none. */
export async function comparePair(of: Pair["of"], own: Side, other: Side, host: Host): Promise<Pair | undefined> {
  const listed = await tryGit(["ls-tree", own.commit, "--", other.name], { host, bare: own.mirror.repository });
  const named = /^160000 commit ([0-9a-f]{40})/.exec(listed.stdout)?.[1];
  if (named === undefined) return undefined;
  const pair = { of, source: own.name, other: other.name, named, commit: other.commit };
  if (!(await isKnown(named, other, host))) return pair;
  const options = { host, bare: other.mirror.repository };
  const counted = await git(["rev-list", "--left-right", "--count", `${named}...${other.commit}`], options);
  const [behind = "0", ahead = "0"] = counted.split("\t");
  const prototypes = await findChanged(named, own, other, host);
  return { ...pair, compared: { ahead: Number(ahead), behind: Number(behind), prototypes } };
}

/** True if upstream has a commit; its history is fetched then. */
async function isKnown(commit: string, { mirror }: Side, host: Host): Promise<boolean> {
  try {
    await fetchMirrorHistories([commit], mirror, host);
    return true;
  } catch (error) {
    if (error instanceof BuildError && error.code === "network") return false;
    throw error;
  }
}

/** True for a header that other programs use. */
const isHeader = (path: string) => /^(?:lib|include)\/.*\.h$/.test(path);

async function findChanged(named: string, own: Side, other: Side, host: Host): Promise<readonly PrototypeChange[]> {
  const options = { host, bare: other.mirror.repository };
  const changes = (await changesOf(other.commit, named, options)).filter(({ path }) => isHeader(path));
  await fetchMirrorBlobs(
    changes.flatMap(({ blobs }) => blobs),
    other.mirror,
    host,
  );
  const read = async (blobs: readonly (string | undefined)[]): Promise<readonly Prototype[]> => {
    const found: Prototype[] = [];
    for (const blob of blobs)
      if (blob !== undefined)
        found.push(...readPrototypes((await gitBytes(["cat-file", "blob", blob], options)).toString("latin1")));
    return found;
  };
  const before = await read(changes.map((change) => change.before?.blob));
  const after = await read(changes.map(({ mode, blob }) => (mode === "000000" ? undefined : blob)));
  const changed = comparePrototypes(before, after);
  const used = await findUsed(
    changed.map(({ name }) => name),
    own,
    host,
  );
  return changed.filter(({ name }) => used.has(name));
}

/** The names among `names` that the C files of a source have. */
async function findUsed(names: readonly string[], { commit, mirror }: Side, host: Host): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set();
  const patterns = names.flatMap((name) => ["-e", name]);
  const args = ["grep", "--no-color", "-h", "-o", "-w", "-F", ...patterns, commit, "--", "*.c", "*.h"];
  const { stdout } = await tryGit(args, { host, bare: mirror.repository });
  return new Set(stdout.split("\n"));
}
