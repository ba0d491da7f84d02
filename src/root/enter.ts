import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { truePath } from "../sys/disk.ts";
import { rootUser } from "./make.ts";

/** Makes the command that runs another one in a root, in that folder. */
export type Enter = (command: readonly string[], cwd: string) => readonly string[];

/** Top folders that every program gets empty. */
const fresh: ReadonlySet<string> = new Set(["dev", "proc", "sys", "tmp", "run"]);

/**
 * Prepares to run programs in a root with bubblewrap (bwrap(1)): without network, without rights, as a
 * user that owns what it makes. The root cannot be written. Of the machine there are the `writable`
 * folders, at their own paths, and nothing else.
 */
export async function openRoot(tree: string, writable: readonly string[]): Promise<Enter> {
  const mounts = await layOut(tree, writable);
  const apart = ["--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--hostname", "kovn-build"];
  const user = ["--unshare-user", "--uid", String(rootUser), "--gid", String(rootUser)];
  // There is no other user, so chown(2) fails otherwise than fakeroot(1) expects: with this, it only notes owners.
  const env = ["--setenv", "FAKEROOTDONTTRYCHOWN", "1"];
  return (command, cwd) => ["bwrap", ...apart, ...user, ...env, ...mounts, "--chdir", truePath(cwd), "--", ...command];
}

/**
 * Prepares to run programs with the files of a root, but with the network, the processes and the user of
 * the machine, in the current folder: servers and what asks them find each other.
 */
export async function shareRoot(tree: string, writable: readonly string[]): Promise<(command: readonly string[]) => string[]> {
  const mounts = await layOut(tree, writable);
  return (command) => ["bwrap", "--die-with-parent", ...mounts, "--", ...command];
}

/** The mounts of a root that cannot be written, with the `writable` folders of the machine. */
async function layOut(tree: string, writable: readonly string[]): Promise<readonly string[]> {
  const folders = writable.map(truePath);
  // Programs know a folder by the name that it was given with, which may be a link.
  const names = writable.filter((path) => !folders.includes(path));
  return [
    ...(await mountsOf(tree, "", [...folders, ...names])),
    ...["--dev", "/dev", "--proc", "/proc", "--perms", "1777", "--tmpfs", "/tmp", "--tmpfs", "/run"],
    ...folders.flatMap((folder) => ["--bind", folder, folder]),
    ...names.flatMap((name) => ["--symlink", truePath(name), name]),
    ...["--remount-ro", "/"],
  ];
}

/**
 * Mounts what is in a folder of the root. A folder above a writable one is a new folder, with a mount for
 * each thing in it: nothing can be mounted below a folder that cannot be written.
 */
async function mountsOf(tree: string, path: string, writable: readonly string[]): Promise<readonly string[]> {
  const mounts: string[] = [];
  for (const entry of await readdir(join(tree, path), { withFileTypes: true })) {
    const inside = `${path}/${entry.name}`;
    const outside = join(tree, inside);
    if (path === "" && fresh.has(entry.name)) continue;
    if (entry.isSymbolicLink()) mounts.push("--symlink", await readlink(outside), inside);
    else if (writable.includes(inside)) continue;
    else if (writable.some((folder) => folder.startsWith(`${inside}/`))) mounts.push(...(await mountsOf(tree, inside, writable)));
    else mounts.push("--ro-bind", outside, inside);
  }
  return mounts;
}
