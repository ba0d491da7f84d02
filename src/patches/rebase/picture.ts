import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { packagingOf, pinOf, type From } from "../../plan/base.ts";
import { commitsBetween } from "../../sys/git-release.ts";
import { git, tryGit, type GitOptions } from "../../sys/git.ts";
import { runTask } from "../../sys/run-task.ts";
import { withScratch } from "../../sys/with-scratch.ts";
import { describeWork } from "../apply.ts";
import { fetchMirrorBlobs } from "../mirror-blobs.ts";
import { fetchBase, type MirrorOptions } from "../mirror.ts";
import { movePatches } from "./move.ts";
import { makeOldTree } from "./old-tree.ts";
import { fetchOnto, type Onto } from "./onto.ts";
import { movePicks } from "./picks.ts";
import type { Picture } from "./rows.ts";
import { listFiles, type Upstream } from "./upstream.ts";
import { versionAt } from "./version.ts";

/**
 * Finds what becomes of each pick and patch of a source on another commit of its upstream. Writes
 * nothing but mirrors. Throws "patch" when the series does not apply to its pin, and "usage" when
 * there is no such commit, or it has nothing in common with the pin.
 */
export async function drawPicture(source: Source, name: string, from: From, options: MirrorOptions): Promise<Picture> {
  const pin = pinOf(source, from);
  const old = await fetchBase(pin, options);
  const onto = await fetchOnto(name, source, { pin, old }, options);
  const packaging = packagingOf(source, pin);
  const work = describeWork(source, old, packaging);
  return withScratch(options.work, "rebase", options.host, async (dir) => {
    const [tree, files] = [join(dir, "tree"), join(dir, "files")];
    await mkdir(files);
    const patches = await runTask(options.host, `apply ${work} to the old pin`, async (host) =>
      makeOldTree(source, packaging, old, tree, host),
    );
    return runTask(options.host, `move them to ${onto.base.commit.slice(0, 12)}`, async (host) => {
      const inTree = { host, cwd: tree };
      const upstream = await readUpstream(source, onto, inTree);
      await git(["checkout", "--quiet", "--force", "-B", "moved", onto.fetched.commit], inTree);
      const picks = await movePicks(source, onto.fetched, upstream, inTree);
      const rows = await movePatches(patches, source, upstream, { git: inTree, files });
      return { ...(await describePlaces(source, onto, upstream, inTree)), picks, patches: rows };
    });
  });
}

/** Lists what upstream has since the old pin. Throws "usage" when the two commits have nothing in common. */
async function readUpstream({ commit: pin, name }: Source, { fetched }: Onto, options: GitOptions): Promise<Upstream> {
  const onto = fetched.commit;
  const common = await tryGit(["merge-base", pin, onto], options);
  if (common.exitCode !== 0)
    throw new BuildError("usage", `Commit ${onto.slice(0, 12)} and the pin ${pin.slice(0, 12)} have no commit in common.`, {
      hint: `--from ${name}=PATH_OR_URL of a full clone of the upstream that has both`,
    });
  const commits = (await commitsBetween(pin, onto, options)) ?? [];
  let files: ReturnType<typeof listFiles> | undefined;
  return {
    pin,
    onto,
    commits,
    files: async () => (files ??= listFiles(pin, onto, options)),
    fetch: async (blobs) => fetchMirrorBlobs(blobs, fetched, options.host),
  };
}

async function describePlaces(
  source: Source,
  { fetched, branch }: Onto,
  { commits }: Upstream,
  options: GitOptions,
): Promise<Omit<Picture, "picks" | "patches">> {
  const { line, name, commit, version } = source;
  const behind = await git(["rev-list", "--count", `${fetched.commit}..${commit}`], options);
  const found = await versionAt(fetched.commit, options);
  return {
    line,
    source: name,
    from: { commit, branch: source.branch, version },
    onto: { commit: fetched.commit, branch: branch ?? source.branch, version: found ?? version },
    ahead: commits.length,
    behind: Number(behind),
  };
}
