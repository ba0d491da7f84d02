import { realpathSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { exec, type ExecResult, type Host } from "./exec.ts";
import { isProgress } from "./git-progress.ts";
import { assertTrusted } from "./owner.ts";
import { withoutShapes } from "./secret-shapes.ts";
import type { Status } from "./status-lines.ts";

/** The committer of all commits. With the author's dates it makes commit ids the same on every machine. */
export const committer = { name: "kovn-build", email: "kovn-build@localhost" };

/** A key and a value of git-config(1). */
export type Setting = readonly [key: string, value: string];

/**
 * Settings that could change the result if they came from the user's or the machine's
 * configuration.
 */
const settings: readonly Setting[] = [
  // A folder inside a tree that looks like a bare repository is none.
  ["safe.bareRepository", "explicit"],
  // Forged, it says that a commit has other files.
  ["core.commitGraph", "false"],
  ["core.autocrlf", "false"],
  ["core.attributesFile", "/dev/null"],
  ["core.excludesFile", "/dev/null"],
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.quotePath", "false"],
  ["commit.gpgSign", "false"],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  ["protocol.version", "2"],
  ["advice.detachedHead", "false"],
  // A stalled connection is closed (git-config(1), http.lowSpeedLimit): bytes a second, seconds.
  ["http.lowSpeedLimit", "1000"],
  ["http.lowSpeedTime", "30"],
];

const fixedEnv: Readonly<Record<string, string>> = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  // `fetchCommit` fetches missing objects, once. git 2.39 would ask a shallow repository forever.
  GIT_NO_LAZY_FETCH: "1",
  // A replaced object has another content than its id says.
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_COMMITTER_NAME: committer.name,
  GIT_COMMITTER_EMAIL: committer.email,
  LC_ALL: "C",
  TZ: "UTC",
};

/** Settings as environment variables (git-config(1), GIT_CONFIG_COUNT). */
function settingsEnv(all: readonly Setting[]): Readonly<Record<string, string>> {
  const pairs = all.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(all.length), ...Object.fromEntries(pairs) };
}

export interface GitOptions {
  readonly host: Host;
  /** A folder of the work tree. Without it and `bare`, git sees no repository. */
  readonly cwd?: string;
  /** A bare repository to work on. */
  readonly bare?: string;
  readonly input?: string | Uint8Array;
  /** `latin1` for output that must stay the bytes that it is. */
  readonly encoding?: "latin1";
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds. For calls to a remote: git itself has no time limit. */
  readonly timeout?: number;
  readonly status?: Status;
  /** Settings for this call. */
  readonly settings?: readonly Setting[];
}

/**
 * Runs git in a fixed environment: no user or system configuration, C locale, UTC. Returns whatever
 * the exit code is. Throws "usage" for a repository of another user.
 */
export async function tryGit(args: readonly string[], options: GitOptions): Promise<ExecResult> {
  const { bare, cwd = bare, host } = options;
  const all = [...settings, ...(await safePlaces(cwd, host)), ...(options.settings ?? [])];
  const repository = bare ?? (cwd === undefined ? "/dev/null" : undefined);
  const env = { ...fixedEnv, ...settingsEnv(all), ...(repository === undefined ? {} : { GIT_DIR: repository }), ...options.env };
  return exec("git", args, { ...options, cwd: cwd ?? "/", env });
}

/** Checks a repository's owner, and names it to git where git trusts this user only. */
async function safePlaces(folder: string | undefined, host: Host): Promise<readonly Setting[]> {
  if (folder === undefined) return [];
  const places = [folder, join(folder, ".git")];
  const own: boolean[] = [];
  // One after the other: of two that are refused, the outer one is named.
  for (const place of places) own.push(await assertTrusted(place, host, folder));
  if (!own.includes(false)) return [];
  return ["", "/.git"].map((name) => ["safe.directory", `${realPath(folder)}${name}`]);
}

/**
 * Like `tryGit`, but returns stdout, trimmed, and throws "build" with git's message for a non-zero
 * exit code.
 */
export async function git(args: readonly string[], options: GitOptions): Promise<string> {
  const result = await tryGit(args, options);
  if (result.exitCode !== 0) throw new BuildError("build", `git ${args[0]} failed: ${gitSays(result)}`);
  return result.stdout.trim();
}

/**
 * Like `git`, but returns the bytes of stdout as they are: paths, contents and messages are not
 * always UTF-8.
 */
export async function gitBytes(args: readonly string[], options: GitOptions): Promise<Buffer> {
  const result = await tryGit(args, { ...options, encoding: "latin1" });
  if (result.exitCode !== 0) throw new BuildError("build", `git ${args[0]} failed: ${gitSays(result)}`);
  return Buffer.from(result.stdout, "latin1");
}

/** git's error message without prefixes, progress, warnings, hints, advice and secrets, for people. */
export function gitSays(result: ExecResult): string {
  const noise =
    /^$|^(warning|hint):|^Could not read from remote|^Please make sure|^and the repository exists|^Patch failed at|^When you have|^If you prefer|^To restore/;
  const lines = result.stderr.split("\n").map((line) => line.trim().replace(/^(fatal|error): /, ""));
  const said = lines.filter((line) => !noise.test(line) && !isProgress(line)).join("\n");
  return withoutShapes(said) || `exit code ${result.exitCode}`;
}

/**
 * A patch's stable id (git-patch-id(1)), which does not depend on line numbers. Empty for a patch
 * without a diff.
 */
export async function patchId(patch: string | Uint8Array, options: GitOptions): Promise<string> {
  return (await git(["patch-id", "--stable"], { ...options, input: patch })).split(" ")[0] ?? "";
}

/** Makes a repository with a work tree, on branch `kovn`, that has the objects of another one as well. */
export async function initSharing(dir: string, objects: string, host: Host): Promise<void> {
  await mkdir(dir, { recursive: true });
  await git(["init", "--quiet", "--template=", "--initial-branch=kovn", dir], { host, cwd: dir });
  await mkdir(join(dir, ".git/objects/info"), { recursive: true });
  await writeFile(join(dir, ".git/objects/info/alternates"), `${objects}\n`);
}

/** A path without links, or as it is when there is no such file. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
