import { mkdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { globInside } from "../sys/glob.ts";
import { BuildError, UnusableFile } from "../errors.ts";
import type { PlannedJob } from "../plan/plan.ts";
import { packageFields } from "../sys/deb.ts";
import type { Host } from "../sys/exec.ts";
import { cloneFile, sha256File } from "../sys/files.ts";
import { pathSchema } from "../sys/schemas.ts";
import type { Artifact } from "./manifest.ts";

/**
 * Finds and describes the artifacts of a job below `out`. Throws "build" for a pattern that matches
 * nothing: a missing file fails the build.
 */
export async function describeArtifacts(
  job: Pick<PlannedJob, "id" | "artifacts">,
  out: string,
  host: Host,
): Promise<readonly Artifact[]> {
  const files = new Set<string>();
  for (const pattern of job.artifacts) {
    const matched = await globInside(pattern, out).catch((error: unknown) => {
      throw unusable(job.id, error);
    });
    if (matched.length === 0) throw new BuildError("build", `Job \`${job.id}\` made no file that matches \`${pattern}\`.`);
    for (const file of matched) files.add(file);
  }
  return Promise.all([...files].toSorted().map((file) => describeFile(job.id, out, file, host)));
}

async function describeFile(job: string, out: string, file: string, host: Host): Promise<Artifact> {
  const path = join(out, file);
  // What a link leads to may be a file outside of the build, such as a key.
  if ((await realpath(path)) !== join(await realpath(out), file))
    throw unusable(job, new UnusableFile(path, "it is a symbolic link, or below one"));
  const name = pathSchema.safeParse(file);
  if (!name.success) throw unusable(job, new UnusableFile(path, name.error.issues[0]?.message ?? "its name is not allowed"));
  const { size } = await stat(path);
  const fields = /\.d?deb$/.test(file) ? await packageFields(path, { host }) : {};
  return { file, size, sha256: await sha256File(path), job, ...fields };
}

/** The error for an artifact that is not a file of the job; any other error unchanged. */
function unusable(job: string, error: unknown): unknown {
  if (!(error instanceof UnusableFile)) return error;
  return new BuildError("build", `Artifact ${error.path} of job \`${job}\` cannot be published: ${error.why}.`, {
    cause: error,
    hint: "let a step copy the file into out/",
  });
}

/** Copies a file of a work folder into a result folder. */
export async function placeFile(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cloneFile(from, to);
}

/** The text of a SHA256SUMS file (sha256sum(1) `--check` reads it). */
export function checksums(artifacts: readonly Pick<Artifact, "file" | "sha256">[]): string {
  return artifacts.map(({ sha256, file }) => `${sha256}  ${file}\n`).join("");
}

/** Throws "build" when two jobs make the same file. */
export function assertUnique(artifacts: readonly Artifact[]): void {
  const seen = new Map<string, string>();
  for (const { file, job } of artifacts) {
    const other = seen.get(file);
    if (other !== undefined) throw new BuildError("build", `Jobs \`${other}\` and \`${job}\` both made ${basename(file)}.`);
    seen.set(file, job);
  }
}
