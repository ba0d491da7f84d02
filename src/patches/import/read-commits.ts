import { BuildError } from "../../errors.ts";
import { listOf } from "../../list.ts";
import { addressFault } from "../../sys/credentials.ts";
import { changesOf, readCommit } from "../../sys/git-pick.ts";
import { fetchBlobs } from "../../sys/git-remote.ts";
import { git, gitBytes, type GitOptions } from "../../sys/git.ts";
import { runTask } from "../../sys/run-task.ts";
import type { Draft } from "./draft.ts";
import { takeFields } from "./message-fields.ts";
import { fetchTimeout, openCommits, type Commits, type Opened } from "./open-commits.ts";
import type { ReadOptions } from "./piece.ts";

const forms = "REPO#COMMIT, or REPO#A..B for the commits after A up to B";
/**
 * Reads commits of a repository as patches, oldest first. Throws "usage" for a merge commit, no
 * commit, or a name that means none, and "network".
 */
export async function readCommits(place: string, options: ReadOptions): Promise<readonly Draft[]> {
  const commits = parse(place);
  const read = async (below: ReadOptions) => readAll(commits, await openCommits(commits, below), below);
  return runTask(options.host, `read ${place}`, async (host) => read({ ...options, host }));
}

function parse(place: string): Commits {
  const [, repository = "", range = ""] = /^(.+)#(.*)$/s.exec(place) ?? [];
  const [, from, to = range] = /^(.*?)\.\.(?!\.)(.*)$/.exec(range) ?? [];
  const isName = (name: string) => /^[\w@][\w./+@{}-]*[~^\d]*$/.test(name) && !name.includes("..") && !name.endsWith(".");
  if (![from, to].every((name) => name === undefined || isName(name)))
    throw new BuildError("usage", `\`${range}\` does not name commits: expected ${forms}.`);
  const fault = addressFault(repository);
  if (fault !== undefined)
    throw new BuildError("usage", `The address of the repository before \`#${range}\` ${fault}.`, {
      hint: "clone it with git, and give the clone's path",
    });
  return { place, repository, from, to };
}

async function readAll(commits: Commits, opened: Opened, { host }: ReadOptions): Promise<readonly Draft[]> {
  const { git: options, from, to } = opened;
  const { place } = commits;
  const listed = from === undefined ? to : await git(["rev-list", "--reverse", "--topo-order", `${from}..${to}`], options);
  const ids = listed.split("\n").filter((id) => id !== "");
  if (ids.length === 0)
    throw new BuildError("usage", `${place} has no commit: \`${commits.to}\` has none that \`${commits.from}\` lacks.`, {
      hint: `${commits.repository}#${commits.to}..${commits.from}, if that is the order`,
    });
  const parents = new Map<string, readonly string[]>();
  for (const id of ids) parents.set(id, (await readCommit(id, options)).parents);
  const merges = ids.filter((id) => (parents.get(id) ?? []).length > 1).map((id) => id.slice(0, 12));
  if (merges.length > 0)
    throw new BuildError(
      "usage",
      `${place} has the merge commit${merges.length > 1 ? "s" : ""} ${listOf(merges)}, which cannot be a patch.`,
      {
        hint: "take the commits that were merged, or rebase them: git rebase A B, then REPO#A..B",
      },
    );
  if (opened.isRemote) await fetchContents(parents, commits, options);
  const drafts: Draft[] = [];
  for (const id of ids) {
    host.task.say(`commit ${drafts.length + 1} of ${ids.length}`);
    const draft = await readOne(id, parents.get(id)?.[0], commits, opened);
    if (draft.text === "") host.task.notice(`${draft.at} is left out, because it changes no file: ${draft.subject ?? ""}`);
    else drafts.push(draft);
  }
  return drafts;
}

/** Fetches the contents of the files that commits change, before and after. */
async function fetchContents(
  parents: ReadonlyMap<string, readonly string[]>,
  { repository }: Commits,
  options: GitOptions,
): Promise<void> {
  const blobs = new Set<string>();
  for (const [id, [parent]] of parents)
    if (parent !== undefined)
      for (const change of await changesOf(id, parent, options)) for (const blob of change.blobs) blobs.add(blob);
  await fetchBlobs([...blobs], repository, { ...options, timeout: fetchTimeout });
}

/** What a diff of ours is, whatever the repository's configuration says. */
const form = [
  ...["-p", "-U3", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--submodule=short"],
  ...["--src-prefix=a/", "--dst-prefix=b/"],
];

async function readOne(
  commit: string,
  parent: string | undefined,
  { repository }: Commits,
  { git: options, origin }: Opened,
): Promise<Draft> {
  const at = `${repository}#${commit.slice(0, 12)}`;
  const shown = await git(["log", "-1", "--encoding=UTF-8", "--format=%an%n%ae%n%aI%n%s%n%b", commit], options);
  const [name = "", email = "", date, subject = "", ...rest] = shown.split("\n");
  const trees = parent === undefined ? ["--root", "--no-commit-id", commit] : [parent, commit];
  const diff = await gitBytes(["diff-tree", ...form, ...trees], options).catch((cause: unknown) => {
    throw new BuildError("network", `${at} cannot be read: the clone lacks contents of files that it changes.`, {
      cause,
      hint: `git -C ${repository} fetch --refetch --no-filter`,
    });
  });
  return {
    at,
    subject,
    ...(await takeFields(rest.join("\n").trim(), options.host)),
    author: { name, email },
    date,
    commit,
    origin,
    text: diff.toString("latin1"),
    file: at,
    lineOf: (index) => index + 1,
  };
}
