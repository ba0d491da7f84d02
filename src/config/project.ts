import { readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { assertTrusted } from "../sys/owner.ts";

/**
 * Where a project's files are: `root` holds `patches/` and `pipelines/`. The work folder (`.kovn`)
 * and the results (`dist`) are there too; those of the kovn-build package are in the current folder.
 */
export interface Project {
  readonly root: string;
  readonly work: string;
  /** True when `root` is the installed kovn-build package, whose files are not the person's. */
  readonly isPackage?: boolean;
}

const workFolder = ".kovn";

/**
 * Finds the project of a folder: that folder or the nearest parent with both `patches/` and
 * `pipelines/`, else the files of the kovn-build package itself. Throws "usage" when it, or the work
 * folder, has something of another user.
 */
export async function findProject(cwd: string, packageRoot: string, host: Host): Promise<Project> {
  const project = await nearestProject(cwd, packageRoot);
  const { root, work, isPackage = false } = project;
  const parts = await readdir(work).catch(() => []);
  for (const path of [work, ...parts.map((name) => join(work, name))]) await assertTrusted(path, host, work);
  if (isPackage) return project;
  // As in git: nobody else may say what is run.
  const paths = [root, ...(await Promise.all(["patches", "pipelines"].map(async (name) => below(join(root, name))))).flat()];
  for (const path of paths) await assertTrusted(path, host, root);
  return project;
}

/** A folder, and all that is in it. Follows no links. */
async function below(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return [folder, ...entries.map(({ parentPath, name }) => join(parentPath, name))];
}

async function nearestProject(cwd: string, packageRoot: string): Promise<Project> {
  for (let dir = cwd; ; dir = dirname(dir)) {
    if ((await exists(join(dir, "patches"))) && (await exists(join(dir, "pipelines"))))
      return { root: dir, work: join(dir, workFolder) };
    if (dir === dirname(dir)) return { root: packageRoot, work: join(cwd, workFolder), isPackage: true };
  }
}

/** The folder that the work folder, the results and relative paths of project files are in. */
export function homeOf({ work }: Project): string {
  return dirname(work);
}

/** The folder for results: as it is typed in the current folder. */
export function distFolder(project: Project): string {
  return relative("", join(homeOf(project), "dist"));
}

/** Throws "usage" if the project is the installed package: npm would drop what is written there. */
export function assertOwn({ isPackage }: Project): void {
  if (isPackage !== true) return;
  throw new BuildError(
    "usage",
    "No folder above this one has `patches/` and `pipelines/`, and those of kovn-build stay as they are.",
    {
      hint: "kovn-build init makes a project of your own",
    },
  );
}
