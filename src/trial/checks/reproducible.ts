import { join } from "node:path";
import { compareBuilds } from "../../cache/compare-builds.ts";
import type { Artifact, Manifest } from "../../dist/manifest.ts";
import type { Host } from "../../sys/exec.ts";
import { isFile } from "../../sys/files.ts";
import { runTask } from "../../sys/run-task.ts";
import { sumOfSizes } from "../../sys/say-bytes.ts";
import { formatSize } from "../../sys/size.ts";
import { count, minute } from "../../sys/text.ts";
import { withScratch } from "../../sys/with-scratch.ts";
import type { Check, Findings } from "../../verify/check.ts";
import type { Subject } from "../../verify/subject.ts";
import { explainDifference, type Different } from "../explain-difference.ts";
import { assertRebuildable, changesOf, rebuild, type Rebuilt, type RebuildContext } from "../rebuild.ts";

/** Files that are explained: it takes minutes for each. */
const mostExplained = 5;

/** Builds a second time, with all otherwise that must not matter and without any cache, and compares every file. */
export function reproducibleCheck(context: RebuildContext): Check {
  return {
    name: "reproducible",
    proves:
      "A second build without caches, in another folder, time zone, locale, umask and at another date, gives the same bytes.",
    assert: async (input) => assertRebuildable(input, context),
    run: async (subject, host) => {
      const changes = await changesOf(subject.manifest, context);
      if (changes.length > 0)
        return {
          evidence: [],
          problems: changes.map((change) => `There is no evidence: ${change}, so it cannot be built again.`),
        };
      return withScratch(context.project.work, "rebuild", host, async (dir) =>
        compare(subject, await rebuild(subject.manifest, dir, context, host), host),
      );
    },
  };
}

async function compare(subject: Subject, again: Rebuilt, host: Host): Promise<Findings> {
  const { manifest } = subject;
  const moved = manifest.jobs.filter(({ id, key }) => again.manifest.jobs.find((job) => job.id === id)?.key !== key);
  if (moved.length > 0)
    return {
      evidence: [],
      problems: moved.map(({ id }) => `There is no evidence: job \`${id}\` was built on another base this time.`),
    };
  const { same, differing, problems } = pair(manifest, again.manifest);
  if (differing.length === 0 && problems.length === 0) return { evidence: [describe(same, again)], problems: [] };
  const explained = await runTask(host, "explain the differences", async (below) => explain(differing, subject, again, below));
  const otherwise = otherwiseIn(manifest, again.manifest);
  return {
    evidence: same.length === 0 ? [] : [describe(same, again)],
    problems: [...problems, ...explained, ...otherwise],
  };
}

interface Pairs {
  readonly same: readonly Artifact[];
  readonly differing: readonly Artifact[];
  /** Files that only one of the builds has, a sentence each. */
  readonly problems: readonly string[];
}

function pair({ artifacts }: Manifest, { artifacts: others }: Manifest): Pairs {
  const second = new Map(others.map((one) => [one.file, one.sha256]));
  const first = new Set(artifacts.map(({ file }) => file));
  const both = artifacts.filter(({ file }) => second.has(file));
  return {
    same: both.filter(({ file, sha256 }) => second.get(file) === sha256),
    differing: both.filter(({ file, sha256 }) => second.get(file) !== sha256),
    problems: [
      ...artifacts.filter(({ file }) => !second.has(file)).map(({ file }) => `${file} is not in the second build.`),
      ...others.filter(({ file }) => !first.has(file)).map(({ file }) => `${file} is in the second build only.`),
    ],
  };
}

function describe(same: readonly Artifact[], { elsewhere, began, run }: Rebuilt): string {
  const { TZ, LC_ALL } = elsewhere.env;
  const size = formatSize(sumOfSizes(same));
  const umask = elsewhere.umask === undefined ? "" : `, umask ${elsewhere.umask}`;
  return `${count(same.length, "file")} with ${size} are bit-identical in the build of ${minute(began.toISOString())} in ${join(run, elsewhere.folder)}: TZ=${TZ}, LC_ALL=${LC_ALL}${umask}, no cache.`;
}

/** A row for each file that differs, with what diffoscope says of it. The smallest files are explained. */
async function explain(
  differing: readonly Artifact[],
  { folder }: Subject,
  { manifest, folder: other, run }: Rebuilt,
  host: Host,
): Promise<readonly string[]> {
  const rows: string[] = [];
  let isInstalled = true;
  for (const [index, artifact] of differing.toSorted((a, b) => a.size - b.size).entries()) {
    const { file, sha256 } = artifact;
    const second = manifest.artifacts.find((one) => one.file === file);
    rows.push(`${file} differs: sha256 ${sha256}, in the second build ${second?.sha256}.`);
    const files: Different = { file, first: join(folder, file), second: join(other, file) };
    if (!isInstalled || index >= mostExplained || !(await isFile(files.first))) continue;
    const lines = await explainDifference(files, join(run, "diffoscope"), host);
    isInstalled = lines !== undefined;
    rows.push(...(lines ?? []));
  }
  if (!isInstalled)
    rows.push("diffoscope would explain the differences: apt-get install --no-install-recommends diffoscope-minimal");
  return rows;
}

/** What may be the reason: other packages, or another kovn-build. */
function otherwiseIn(manifest: Manifest, again: Manifest): readonly string[] {
  const { builders, jobs } = compareBuilds(manifest, again);
  return [...builders, ...jobs.flatMap(({ changes }) => changes)].map((change) => `Not the same in the second build: ${change}.`);
}
