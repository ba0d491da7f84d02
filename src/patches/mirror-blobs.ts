import { fetchBlobs } from "../sys/git-remote.ts";
import { lockBeside, withLock } from "../sys/with-lock.ts";
import type { Host } from "../sys/exec.ts";
import type { Fetched } from "./mirror.ts";

/**
 * Fetches contents of files of a base's history into its mirror, unless they are there. Throws
 * "network".
 */
export async function fetchMirrorBlobs(ids: readonly string[], base: Fetched, host: Host): Promise<void> {
  const { repository, contents } = base;
  await withLock(lockBeside(repository), { host, other: `is fetching into ${repository}` }, async () =>
    fetchBlobs(ids, contents, { host, bare: repository }),
  );
}
