import { lstat, realpath, stat } from "node:fs/promises";
import { BuildError } from "../errors.ts";
import { tryExec, type Host } from "./exec.ts";
import { isRoot, ownUser } from "./processes.ts";

/**
 * True for files of this user and of root, and where root acts for somebody by `sudo`, for theirs:
 * as in git, nobody else may say what is run. On Windows, true.
 */
export function isTrusted(owner: number, host: Host): boolean {
  if (ownUser === undefined || owner === ownUser || owner === 0) return true;
  return isRoot && host.userEnv?.["SUDO_UID"] === String(owner);
}

/**
 * Throws "usage" with the owner's name when a file or folder, or what it links to, belongs to
 * another user. The person can trust `folder`, which it is in, like a repository of git
 * (git-config(1), safe.directory). Returns true when all belongs to this user.
 */
export async function assertTrusted(path: string, host: Host, folder: string = path): Promise<boolean> {
  const found = await Promise.all([lstat, stat].map((look) => look(path).catch(() => undefined)));
  const foreign = found.find((one) => one !== undefined && !isTrusted(one.uid, host));
  if (foreign === undefined) return found.every((one) => one === undefined || one.uid === ownUser);
  if (await isSafe(folder, host)) return false;
  const named = await tryExec("id", ["-nu", String(foreign.uid)], { host });
  const owner = named?.exitCode === 0 ? `\`${named.stdout.trim()}\`` : `with id ${foreign.uid}`;
  throw new BuildError("usage", `${path} belongs to user ${owner}, who could run commands as you through it.`, {
    hint: `git config --global --add safe.directory ${folder}, if you trust that user`,
  });
}

/** True when the person's git configuration, or one in variables, names a folder as safe. */
async function isSafe(folder: string, host: Host): Promise<boolean> {
  const seen = Object.entries(host.userEnv ?? host.env).filter(([name]) => !/^GIT_(?!CONFIG_)/.test(name));
  const asked = await tryExec("git", ["config", "--null", "--type=path", "--get-all", "safe.directory"], {
    host: { ...host, env: Object.fromEntries(seen) },
    // No repository: one of another user could name itself.
    env: { GIT_DIR: "/dev/null" },
    cwd: "/",
  });
  const names = [folder, await realpath(folder).catch(() => folder)];
  // An empty value takes back those before it.
  const values = (asked?.stdout ?? "").split("\0").slice(0, -1);
  return values.slice(values.lastIndexOf("") + 1).some((value) => {
    const place = value.replace(/(?<=.)\/$/, "");
    return place === "*" || names.some((name) => name === place || (place.endsWith("/*") && name.startsWith(place.slice(0, -1))));
  });
}
