import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { tryGit } from "../sys/git.ts";
import { userGit } from "../sys/git-user.ts";
import { runTask } from "../sys/run-task.ts";
import { listOf } from "../list.ts";
import { releasedVersions, tagOf } from "./version.ts";

/** Where the person's git pushes to: a remote, and a branch there. */
export interface Remote {
  readonly name: string;
  readonly branch: string;
}

/** Milliseconds that listing a remote's tags may take. */
const listTimeout = 60_000;

/**
 * Where the current branch is pushed to: the remote that the person's configuration names, else
 * `origin`. Throws "usage" when no branch is checked out, and when there is no such remote.
 */
export async function pushRemote(root: string, host: Host): Promise<Remote> {
  const options = { host, cwd: root };
  const head = await tryGit(["symbolic-ref", "--quiet", "HEAD"], options);
  if (head.exitCode !== 0)
    throw new BuildError("usage", "No branch is checked out, so there is nowhere to push to.", { hint: "git switch main" });
  const own = head.stdout.trim();
  const format = "--format=%(push:remotename)%00%(upstream:remotename)%00%(upstream:remoteref)";
  const [push = "", upstream, branch = ""] = (await userGit(["for-each-ref", format, own], options)).split("\0");
  const name = push || "origin";
  // A branch may name an address instead of a remote.
  const remotes = (await userGit(["remote"], options)).split("\n");
  if (!remotes.includes(name) && !/[/:]/.test(name))
    throw new BuildError("usage", `There is no remote \`${name}\` to push to.`, {
      hint: `git -C ${root} remote add ${name} URL, or no --push`,
    });
  return { name, branch: push === upstream && branch !== "" ? branch : own };
}

/** Throws "usage" when the remote has releases of a line whose tags are missing here. */
export async function assertTagsOf(
  remote: Remote,
  line: string,
  known: readonly string[],
  root: string,
  host: Host,
): Promise<void> {
  const args = ["ls-remote", "--quiet", "--refs", remote.name, "refs/tags/*"];
  const listed = await runTask(host, `list the tags of ${remote.name}`, async (below) =>
    userGit(args, { host: below, cwd: root, timeout: listTimeout }),
  );
  const tags = listed.split("\n").map((row) => row.replace(/^.*\trefs\/tags\//, ""));
  const missing = releasedVersions(line, tags).filter((version) => !known.includes(version));
  if (missing.length === 0) return;
  throw new BuildError("usage", `${remote.name} has tags that are missing here: ${listOf(missing.map(tagOf))}.`, {
    hint: `git -C ${root} fetch ${remote.name} --tags`,
  });
}
