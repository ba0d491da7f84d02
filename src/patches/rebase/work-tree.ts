import type { Source } from "../../config/source.ts";
import { pinOf, placeOf, type From } from "../../plan/base.ts";
import { urlOf } from "../../sys/credentials.ts";
import type { Host } from "../../sys/exec.ts";
import { bloblessConfig, setRemotes } from "../../sys/git-remote.ts";
import { git } from "../../sys/git.ts";
import { rememberResolutions, treeOf } from "./state.ts";

/**
 * Prepares the work tree of a folder for people: upstream is its remote, git asks it for older
 * contents, and remembers how conflicts are resolved.
 */
export async function prepareWorkTree(folder: string, source: Source, from: From, host: Host): Promise<void> {
  const options = { host, cwd: treeOf(folder) };
  const contents = urlOf(placeOf(pinOf(source, from)));
  for (const [key, value] of bloblessConfig(contents)) await git(["config", key, value], options);
  await setRemotes(source.place, contents, options);
  await rememberResolutions(treeOf(folder), "../../rr-cache", host);
}
