import type { Project } from "../../config/project.ts";
import { lockFile, lockName, type LockedSource } from "../../config/lock.ts";
import type { BuiltJob, Manifest } from "../../dist/manifest.ts";
import type { Host } from "../../sys/exec.ts";
import { tryGit } from "../../sys/git.ts";

/** The most locks of the project's history that are looked at. */
const mostLocks = 500;

/**
 * Finds the project's commit that a build is of: the newest whose lock has the revision and the
 * patches of every source that was built. Undefined if there is none, as for an unlocked build.
 */
export async function findBuiltCommit(
  { line, jobs }: Pick<Manifest, "line" | "jobs">,
  { project, host }: { readonly project: Project; readonly host: Host },
): Promise<string | undefined> {
  if (jobs.some(({ locked }) => !locked)) return undefined;
  const inRoot = { host, cwd: project.root };
  const path = lockName(line);
  const log = await tryGit(["log", `--max-count=${mostLocks}`, "--format=%H", "--all", "--", path], inRoot);
  for (const commit of log.exitCode === 0 ? log.stdout.split("\n").filter(Boolean) : []) {
    const text = await tryGit(["cat-file", "blob", `${commit}:./${path}`], inRoot);
    const sources = text.exitCode === 0 ? readSources(text.stdout) : {};
    if (jobs.every((job) => isSame(job, sources[job.source]))) return commit;
  }
  return undefined;
}

function readSources(text: string): Readonly<Record<string, LockedSource>> {
  try {
    return lockFile.safeParse(JSON.parse(text)).data?.sources ?? {};
  } catch {
    return {};
  }
}

function isSame(
  { revision, series, packaging, baseCommit, base, patchedCommit }: BuiltJob,
  locked: LockedSource | undefined,
): boolean {
  if (locked?.revision !== revision || namesOf(locked.patches) !== namesOf(series)) return false;
  const made = locked.bases[base.kind === "git" ? `git:${baseCommit}` : `apt:${base.sha256}`];
  if (made?.commit !== patchedCommit) return false;
  return packaging === undefined || Object.values(locked.packaging).some((patches) => namesOf(patches) === namesOf(packaging));
}

function namesOf(patches: readonly { readonly name: string; readonly sha256: string }[]): string {
  return patches.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");
}
