import { fetchBlobs, fetchHistories } from "../sys/git-remote.ts";
import { lockBeside, withLock } from "../sys/with-lock.ts";
import type { Host } from "../sys/exec.ts";
import type { GitOptions } from "../sys/git.ts";
import { urlOf } from "../sys/credentials.ts";
import type { Fetched } from "./mirror.ts";

type Mirror = Pick<Fetched, "repository" | "contents">;

/**
 * Fetches contents of files of a base's history into its mirror, unless they are there. Throws
 * "network".
 */
export async function fetchMirrorBlobs(ids: readonly string[], mirror: Mirror, host: Host): Promise<void> {
  await inMirror(mirror, host, async (url, options) => fetchBlobs(ids, url, options));
}

/** Fetches the history of other commits of a base's upstream into its mirror, unless it is there. Throws "network". */
export async function fetchMirrorHistories(ids: readonly string[], mirror: Mirror, host: Host): Promise<void> {
  await inMirror(mirror, host, async (url, options) => fetchHistories(ids, url, options));
}

async function inMirror(
  { repository, contents }: Mirror,
  host: Host,
  work: (url: string, options: GitOptions) => Promise<void>,
): Promise<void> {
  const other = `is fetching into ${repository}`;
  await withLock(lockBeside(repository), { host, other }, async () => work(urlOf(contents), { host, bare: repository }));
}
