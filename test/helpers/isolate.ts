import { spawnSync } from "node:child_process";
import { sha256 } from "../../src/sys/files.ts";
import { aManifest } from "./run-folder.ts";

const isRoot = process.getuid?.() === 0;
const works = (program: string, ...args: readonly string[]) => spawnSync(program, args, { stdio: "ignore" }).status === 0;

/**
 * True where a test may mount file systems that only its own programs see (unshare(1); needs root).
 */
export const canMount = isRoot && works("unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt");

/**
 * Starts a program as a user who is not root and has no rights to others' files
 * (user_namespaces(7)); undefined where that is not possible.
 */
export const asNobody: readonly string[] | undefined = !isRoot
  ? []
  : works("unshare", "--user", "true")
    ? ["unshare", "--user"]
    : undefined;

/**
 * Starts a program that sees `dir` as a small file system with the results of a build,
 * `linux/old.txt`, and then lists its files.
 */
export function onSmallDisk(dir: string): readonly string[] {
  const script = `set -e
dir=$1 manifest=$2
shift 2
mount -t tmpfs -o size=64k none "$dir"
mkdir "$dir/linux"
echo old > "$dir/linux/old.txt"
echo "$manifest" > "$dir/linux/artifacts.json"
code=0
"$@" || code=$?
find "$dir" -type f | sed "s|^$dir/|left: |" >&2
exit $code`;
  const artifact = { file: "old.txt", size: 4, sha256: sha256("old\n"), job: "ovs" };
  return ["unshare", "--mount", "sh", "-c", script, "sh", dir, JSON.stringify(aManifest([artifact]))];
}

/** Starts a program that can only read below `dir`. */
export function onReadOnlyDisk(dir: string): readonly string[] {
  const script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"';
  return ["unshare", "--mount", "sh", "-c", script, "sh", dir];
}

/** Starts a program that sees the file `other` at the path of another file. */
export function onOtherFile(path: string, other: string): readonly string[] {
  const script = 'mount --bind "$2" "$1" && shift 2 && exec "$@"';
  return ["unshare", "--mount", "sh", "-c", script, "sh", path, other];
}

/** Starts a program that sees a new, empty file system at `dir`, and then lists what is there. */
export function onMount(dir: string): readonly string[] {
  const script = `mount -t tmpfs none "$1" && dir=$1 && shift
code=0
"$@" || code=$?
find "$dir" -type f -printf "left: %P\\n" >&2
exit $code`;
  return ["unshare", "--mount", "sh", "-c", script, "sh", dir];
}

/**
 * Starts a program that sees `dir` as the lower layer of an overlay, as in a container, whose
 * folders cannot be renamed; then copies what is there to `<dir>.after`.
 */
export function onOverlay(dir: string): readonly string[] {
  const script = `dir=$1
shift
mkdir "$dir.layers" && mount -t tmpfs none "$dir.layers" && mkdir "$dir.layers/upper" "$dir.layers/work"
mount -t overlay overlay -o "lowerdir=$dir,upperdir=$dir.layers/upper,workdir=$dir.layers/work" "$dir"
code=0
"$@" || code=$?
cp -r "$dir" "$dir.after"
exit $code`;
  return ["unshare", "--mount", "sh", "-c", script, "sh", dir];
}
