import { BuildError } from "../errors.ts";
import { exec, type ExecResult, type Host } from "./exec.ts";
import { gitSays, type GitOptions } from "./git.ts";

/**
 * git's variables that name another repository than the current folder's
 * (`git rev-parse --local-env-vars`), as hooks have them. The configuration in variables stays.
 */
const otherRepository =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|NAMESPACE|PREFIX|SHALLOW_FILE|GRAFT_FILE|REPLACE_REF_BASE|NO_REPLACE_OBJECTS|IMPLICIT_WORK_TREE|CONFIG)$/;

/** The environment of the person, for programs that work in another repository than that of the current folder. */
export function personEnv({ env, userEnv = env }: Host): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(userEnv).filter(([name]) => !otherRepository.test(name)));
}

/**
 * Runs git in the current folder's repository as the person would: with their environment and their
 * configuration. Returns whatever the exit code is.
 */
async function tryUserGit(args: readonly string[], options: GitOptions): Promise<ExecResult> {
  const { host } = options;
  const env = { GIT_TERMINAL_PROMPT: "0", LC_ALL: "C", ...options.env };
  // Signing starts gpg's agent, which keeps running.
  return exec("git", args, { ...options, host: { ...host, env: personEnv(host) }, env, startsServices: true });
}

/**
 * Runs git with the person's own environment and configuration (name, signing key, hooks,
 * credentials), for their commits, tags and pushes. Throws "machine" with git's message.
 */
export async function userGit(args: readonly string[], options: GitOptions): Promise<string> {
  const result = await tryUserGit(args, options);
  if (result.exitCode !== 0) throw new BuildError("machine", `git ${args[0]} failed: ${gitSays(result)}`);
  return result.stdout.trimEnd();
}

/**
 * The names of the person's settings for a remote (git-config(1)), which our own fetches do not
 * read. Neither values nor the addresses in names: both can hold a token.
 */
export async function unreadSettings(url: string, host: Host): Promise<readonly string[]> {
  const read = async (...args: readonly string[]) =>
    (await tryUserGit(["config", ...args], { host })).stdout.split("\n").filter((row) => row !== "");
  const isWeb = /^https?:/.test(url);
  const matching = isWeb ? [await read("--get-urlmatch", "http", url), await read("--get-urlmatch", "credential", url)] : [];
  const programs = await read("--get-regexp", isWeb ? "^core\\.askpass$" : "^core\\.(sshcommand|gitproxy)$");
  const rewrites = await read("--get-regexp", "^url\\..*\\.insteadof$");
  const isRewritten = rewrites.some((row) => url.startsWith(row.replace(/^.*?\.insteadof /, "")));
  const names = [...matching.flat(), ...programs].map((row) => row.split(" ", 1)[0] ?? "");
  return [...(isRewritten ? ["url.*.insteadof"] : []), ...new Set(names)];
}
