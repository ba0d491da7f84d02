import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { truePath } from "../sys/disk.ts";
import type { Enter } from "../sys/enter.ts";
import type { Host } from "../sys/exec.ts";
import { enterContainer } from "./containers.ts";
import type { Root } from "./keep.ts";
import { rootUser } from "./make.ts";

/** Top folders that every program gets empty. */
const fresh: ReadonlySet<string> = new Set(["dev", "proc", "sys", "tmp", "run"]);

/**
 * Prepares to run programs in a root, in containers or else with bubblewrap (bwrap(1)): without
 * network, without rights, as a user that owns what it makes. The root cannot be written. Of the machine
 * there are the `writable` folders, at their own paths, and nothing else.
 */
export async function openRoot(
  { tree, container }: Pick<Root, "tree" | "container">,
  writable: readonly string[],
  host: Host,
): Promise<Enter> {
  const { folders, names } = placesOf(writable);
  if (container !== undefined) {
    const linked = names.map((name) => `${truePath(name)}:${name}`);
    return enterContainer(container, { folders: [...folders, ...linked], network: "none" }, host);
  }
  const mounts = await layOut(tree, writable);
  const apart = ["--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--hostname", "kovn-build"];
  const user = ["--unshare-user", "--uid", String(rootUser), "--gid", String(rootUser)];
  // There is no other user, so chown(2) fails otherwise than fakeroot(1) expects: with this, it only notes owners.
  const owners = ["--setenv", "FAKEROOTDONTTRYCHOWN", "1"];
  return ({ command, cwd, env }) => ({
    command: ["bwrap", ...apart, ...user, ...owners, ...mounts, "--chdir", truePath(cwd), "--", ...command],
    env,
  });
}

/**
 * Prepares to run programs with the files of a root, but with the network, the processes and the user of
 * the machine, in the current folder: servers and what asks them find each other.
 */
export async function shareRoot(tree: string, writable: readonly string[]): Promise<(command: readonly string[]) => string[]> {
  const mounts = await layOut(tree, writable);
  return (command) => ["bwrap", "--die-with-parent", ...mounts, "--", ...command];
}

/** Programs know a folder by the name that it was given with, which may be a link. */
function placesOf(writable: readonly string[]) {
  const folders = writable.map(truePath);
  return { folders, names: writable.filter((path) => !folders.includes(path)) };
}

/** The mounts of a root that cannot be written, with the `writable` folders of the machine. */
async function layOut(tree: string, writable: readonly string[]): Promise<readonly string[]> {
  const { folders, names } = placesOf(writable);
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
