import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Project } from "../../config/project.ts";
import type { Host } from "../../sys/exec.ts";
import { archive } from "../../sys/git-release.ts";
import { extractTar } from "../../sys/tar.ts";

/** Unpacks the project's patches of a commit or tag into a folder, which is then read like a project. */
export async function projectAt(
  commit: string,
  dir: string,
  { project, host }: { readonly project: Project; readonly host: Host },
): Promise<Project> {
  await mkdir(join(dir, "patches"), { recursive: true });
  await archive(commit, ["patches"], join(dir, "patches.tar"), { host, cwd: project.root });
  await extractTar(join(dir, "patches.tar"), join(dir, "patches"));
  return { root: dir, work: project.work };
}
