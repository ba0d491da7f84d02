import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "../sys/exec.ts";
import { configText } from "../sys/git-config.ts";
import { bloblessConfig } from "../sys/git-remote.ts";
import { readText } from "../sys/read-file.ts";
import { gitBytes, tryGit, type GitOptions, type Setting } from "../sys/git.ts";
import { isTrusted } from "../sys/owner.ts";
import { writeWhole } from "../sys/write-whole.ts";

/** What a mirror has. Anything else comes from somebody else: hooks, alternates, a commit graph, say. */
const own = /^(?:HEAD|config|shallow|refs(?:\/.+)?|objects(?:\/(?!info\/).+)?)$/;
/** git's files of a fetch that runs, or that was killed. */
const unfinished = /\.lock$|(?:^|\/)tmp_[^/]*$/;

function configOf(url: string | undefined): string {
  const settings: readonly Setting[] = [
    ["core.bare", "true"],
    ...(url === undefined ? [] : bloblessConfig(url)),
    // Lets work trees make partial fetches of any commit from this repository.
    ["uploadpack.allowFilter", "true"],
    ["uploadpack.allowAnySHA1InWant", "true"],
  ];
  return configText(settings);
}

const head = "ref: refs/heads/main\n";

/**
 * Lists what kovn-build and git did not leave in a mirror: other names, files of other users, and
 * what is neither a file nor a folder. Follows no links.
 */
async function strangers(repository: string, isOwn: (path: string) => boolean, host: Host): Promise<readonly string[]> {
  const look = async (path: string): Promise<readonly string[]> => {
    const entry = await lstat(join(repository, path)).catch(() => undefined);
    // It is gone meanwhile.
    if (entry === undefined) return [];
    const isKnown = path === "" || isOwn(path);
    if (!isKnown || !isTrusted(entry.uid, host) || !(entry.isFile() || entry.isDirectory())) return [path];
    const names = entry.isDirectory() ? await readdir(join(repository, path)) : [];
    return (await Promise.all(names.map(async (name) => look(path === "" ? name : `${path}/${name}`)))).flat();
  };
  return look("");
}

/** True when a mirror has only what kovn-build made, with the configuration that it writes. */
export async function isOwnMirror(repository: string, url: string | undefined, host: Host): Promise<boolean> {
  const found = await strangers(repository, (path) => own.test(path) || unfinished.test(path), host);
  if (found.length > 0) return false;
  const config = await readText(join(repository, "config"), "a project file").catch(() => "");
  return config === configOf(url);
}

/**
 * Makes a mirror of `url` (undefined for one that fetches nothing), or what is left of one, usable:
 * removes the leftovers of a killed fetch and whatever else is not a mirror's, and writes its
 * configuration.
 */
export async function prepareMirror(repository: string, url: string | undefined, host: Host): Promise<void> {
  for (const path of await strangers(repository, (name) => own.test(name) && !unfinished.test(name), host))
    await rm(join(repository, path), { recursive: true, force: true });
  for (const folder of ["objects", "refs"]) await mkdir(join(repository, folder), { recursive: true });
  await writeWhole(join(repository, "config"), configOf(url));
  await writeWhole(join(repository, "HEAD"), head);
}

/** Reads a ref of a mirror; undefined if there is none. */
export async function readRef(repository: string, ref: string): Promise<string | undefined> {
  const text = await readText(join(repository, ref), "a project file", { follow: false }).catch(() => "");
  return /^([0-9a-f]{40})\n$/.exec(text)?.[1];
}

/**
 * True when a mirror has a commit with all its files, and each has the content that its id stands
 * for: git does not check that when it reads an object.
 */
export async function hasWhole(commit: string, repository: string, host: Host): Promise<boolean> {
  const options = { host, bare: repository };
  const listed = await tryGit(["rev-list", "--objects", "--no-object-names", "--no-walk", commit], options);
  if (listed.exitCode !== 0) return false;
  const ids = listed.stdout.trim().split("\n");
  if (ids[0] !== commit) return false;
  return areTrue(ids, options);
}

/** So many objects of a source are read at once: about 10 MB. */
const manyObjects = 500;

/** True when each of these objects has the content that its id stands for. */
export async function areTrue(ids: readonly string[], options: GitOptions): Promise<boolean> {
  for (let at = 0; at < ids.length; at += manyObjects)
    if (!(await areAllTrue(ids.slice(at, at + manyObjects), options))) return false;
  return true;
}

async function areAllTrue(ids: readonly string[], options: GitOptions): Promise<boolean> {
  const objects = await gitBytes(["cat-file", "--batch", "--buffer"], { ...options, input: `${ids.join("\n")}\n` });
  let at = 0;
  for (const id of ids) {
    const end = objects.indexOf("\n", at);
    const [, named, type, size] = /^([0-9a-f]{40}) (\w+) (\d+)$/.exec(objects.toString("latin1", at, end)) ?? [];
    const content = objects.subarray(end + 1, end + 1 + Number(size));
    const digest = createHash("sha1").update(`${type} ${size}\0`).update(content).digest("hex");
    if (named !== id || digest !== id) return false;
    at = end + 2 + Number(size);
  }
  return true;
}
