import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { inNamespaces } from "../root/namespaces.ts";
import { removeTree } from "../root/remove-tree.ts";
import { exec, type ExecResult, type Host } from "../sys/exec.ts";
import { isRoot } from "../sys/processes.ts";
import { withScratch } from "../sys/with-scratch.ts";

/** A root that may be changed. */
export interface Copy {
  /** The folder where files are put for its scripts: what is in it is in `/`. */
  readonly files: string;
  /**
   * Runs a shell script in it as root, without network. What the script starts ends with it. Returns
   * its stdout; throws "build" with its last lines when it fails.
   */
  readonly run: (what: string, script: string, options?: CopyOptions) => Promise<string>;
}

interface CopyOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** In the folder `$1`, lays `upper`, which gets the changes, over the root `lower`: the result is `tree`. */
const overlay = `cd "$1"; mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work${isRoot ? "" : ",userxattr"} overlay tree`;

/** Mounts what programs need in `tree`, and runs the script `$2` there. */
const enter = 'cd "$1"; mount -t proc proc tree/proc; mount --rbind /dev tree/dev; exec chroot tree sh -euc "$2"';

const environment = {
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LC_ALL: "C.UTF-8",
  DEBIAN_FRONTEND: "noninteractive",
};

/**
 * Calls `use` with a root that has the files of `tree`, and forgets all changes then. Nothing is copied
 * where the kernel can lay folders over each other (overlayfs); else all files are.
 */
export async function withCopy<T>(
  tree: string,
  { work, host }: { readonly work: string; readonly host: Host },
  use: (copy: Copy) => Promise<T>,
): Promise<T> {
  return withScratch(work, "trial", host, async (dir) => {
    const inside = async (args: readonly string[], options: CopyOptions = {}): Promise<ExecResult> => {
      const [program = "", ...words] = [...inNamespaces, ...args];
      return exec(program, words, { host: { ...host, env: environment }, timeout: 600_000, ...options });
    };
    try {
      for (const name of ["upper", "work", "tree"]) await mkdir(join(dir, name));
      await symlink(tree, join(dir, "lower"));
      const isLayered = (await inside(["sh", "-euc", overlay, "sh", dir])).exitCode === 0;
      if (!isLayered)
        await checked("copy the root", inside(["cp", "--archive", "--reflink=auto", `${tree}/.`, join(dir, "tree")]));
      const start = isLayered ? `${overlay}; ${enter}` : enter;
      return await use({
        files: join(dir, isLayered ? "upper" : "tree"),
        run: async (what, script, options) => checked(what, inside(["--net", "sh", "-euc", start, "sh", dir, script], options)),
      });
    } finally {
      for (const name of ["upper", "work", "tree"]) await removeTree(join(dir, name), host);
    }
  });
}

async function checked(what: string, running: Promise<ExecResult>): Promise<string> {
  const { exitCode, stdout, stderr } = await running;
  if (exitCode === 0) return stdout;
  const lines = `${stdout}\n${stderr}`.split("\n").filter((line) => line.trim() !== "");
  const errors = lines.filter((line) => /^(E: |dpkg: error| trying to overwrite |qemu: )/.test(line));
  const said = (errors.length > 0 ? errors : lines).slice(-4).map((line) => line.trim());
  throw new BuildError("build", `${what}: ${said.join(" / ") || `exit code ${exitCode}`}`);
}
