import { z } from "zod";
import { BuildError, refusalOf } from "../errors.ts";
import { readText } from "../sys/read-file.ts";
import { listOf } from "../list.ts";
import { describeIssue, gitIdSchema, pathSchema, sha256Schema } from "../sys/schemas.ts";
import { hasTooMany, mostValues } from "../record.ts";

/** The version of the format. */
const formatVersion = 1;

/** The name of an `artifacts.json` where it is published, side by side with those of other builds. */
export const publishedManifest = /^artifacts-.+\.json$/;

/** A name, which becomes part of published paths. */
const name = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "expected a name of lower-case letters, digits, dots and hyphens");

/** A base, as `Base` of the plan has it. */
export const baseSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("git"), url: z.string(), commit: gitIdSchema }),
  z.object({ kind: z.literal("apt"), package: z.string(), version: z.string(), member: z.string(), sha256: sha256Schema }),
]);

/** A file to publish. */
export const artifactSchema = z.object({
  file: pathSchema.describe("Path below the folder of the target."),
  size: z.int().nonnegative().describe("Size in bytes."),
  sha256: sha256Schema.describe("sha256 of the file."),
  job: z.string().describe("Job that made the file."),
  package: z.string().exactOptional().describe("Name of the Debian package; absent for other files."),
  version: z.string().exactOptional().describe("Version of the Debian package."),
  architecture: z.string().exactOptional().describe("Architecture of the Debian package."),
});

/** What ccache did. */
export const compilerStatsSchema = z.object({
  hits: z.int().nonnegative().describe("Compilations whose result came from a cache."),
  misses: z.int().nonnegative().describe("Compilations that ran."),
  remoteHits: z.int().nonnegative().describe("Hits that came from the remote cache."),
  remoteErrors: z.int().nonnegative().describe("Failed requests to the remote cache."),
});

const patches = z
  .array(
    z.object({
      name: z.string().describe("File name."),
      sha256: sha256Schema.describe("sha256 of the file."),
      patchId: z.string().describe("Id of the change: `git patch-id --stable`."),
      seed: z.string().describe("Kube-OVN commit that the patch reimplements (10 digits), or `none`."),
      subject: z.string().default("").describe("Subject of the patch."),
      origin: z.string().default("").describe("Field `Origin` of the patch (DEP-3)."),
    }),
  )
  .readonly();

const missingPicks = z.array(
  z.object({ commit: gitIdSchema.describe("Upstream's commit."), why: z.string().describe("What it fixes.") }),
);

const picks = z.array(
  missingPicks.element.extend({
    without: z.array(z.string()).readonly().describe("Paths of the commit that were left out."),
    patchId: z.string().describe("Id of the change without them: `git patch-id --stable`."),
  }),
);

/** A finished job. */
export const builtJobSchema = z.object({
  id: z.string().describe("Name of the job in the pipeline."),
  key: z.string().describe("Key of the job in the plan."),
  source: name.describe("Source that was built."),
  version: z.string().describe("Version of the source."),
  revision: z.int().positive().describe("Revision of the series."),
  base: baseSchema.describe("Tree that the series was applied to."),
  baseCommit: gitIdSchema.describe("Commit of the base."),
  alternate: z.boolean().describe("True if the base is an alternate, not the pinned commit of upstream."),
  locked: z
    .boolean()
    .default(false)
    .describe("True if the patches and the commits that they make are those of `patches/<line>/lock.json`."),
  license: z.string().exactOptional().describe("SPDX license expression of upstream, from `source.yaml`."),
  patchedCommit: gitIdSchema.describe("Commit of the base with the series. It is the same on every machine."),
  patchedTree: gitIdSchema.describe("Tree of that commit."),
  picks: picks
    .readonly()
    .exactOptional()
    .describe("Upstream's commits that were taken onto the base before the series, in order; absent if there are none."),
  missingPicks: missingPicks
    .readonly()
    .exactOptional()
    .describe("Picks of the source that this base lacks, since it has no history; absent if there are none."),
  series: patches.describe("Patches of the series, in order."),
  packaging: patches
    .exactOptional()
    .describe("Patches on top of the series, of a job that makes packages; absent if there are none."),
  packaged: z
    .object({
      commit: gitIdSchema.describe("Commit with the packaging patches."),
      tree: gitIdSchema.describe("Tree of that commit."),
    })
    .exactOptional()
    .describe("What was built, if the job has packaging patches."),
  distribution: z
    .string()
    .regex(/^[a-z0-9][\w.~+-]*( [\w.~+-]+)?$/i, "expected a distribution, such as `debian 12`")
    .exactOptional()
    .describe("Distribution that the job's packages were built on and are for, such as `debian 12`; absent for other jobs."),
  root: z
    .object({
      name: z.string().describe("What `--root` named, such as `debian:12`."),
      packages: z.record(z.string().describe("package"), z.string()).readonly().describe("Versions of all its packages."),
    })
    .exactOptional()
    .describe("What the job was built in; absent for the machine itself."),
  inputs: z
    .array(
      z.object({
        name: z.string().describe("Path below the job's `inputs/`."),
        sha256: sha256Schema.describe("sha256 of the file."),
      }),
    )
    .readonly()
    .exactOptional()
    .describe("Files that the job used besides its source, such as a driver; absent if there are none."),
  tools: z
    .record(z.string().describe("package"), z.string())
    .readonly()
    .describe("Versions of the job's Debian packages. `libssl-dev:arm64` is of that architecture, others are of the machine's."),
  parts: z
    .record(z.string().describe("part"), z.string())
    .readonly()
    .exactOptional()
    .describe(
      "Everything that the result depends on, by name: flags, patches, steps, packages, code of kovn-build. `build diff` compares it. Absent for a build without the cache.",
    ),
  duration: z.number().describe("How long the job ran, in milliseconds. For a cached job: when it was built."),
  compilerCache: compilerStatsSchema.exactOptional().describe("What ccache did when the job was built; absent without ccache."),
});

/** `artifacts.json`. */
export const manifestSchema = z.object({
  schema: z.literal(formatVersion).describe("Version of this format."),
  target: name.describe("Target: `linux` or `windows`."),
  line: name.describe("Release line."),
  variant: name.describe("Set of compiler flags."),
  arch: name.describe("Debian's name of the architecture."),
  buildArch: name
    .exactOptional()
    .describe("Architecture of the machine, where the artifacts were cross-compiled; absent where they were not."),
  flags: z.string().describe("Compiler flags of the variant."),
  builder: z
    .object({
      name: z.string().describe("`kovn-build`."),
      version: z.string().describe("Version of kovn-build."),
      node: z.string().describe("Version of Node."),
      workflow: z.string().exactOptional().describe("Address of the workflow, in GitHub Actions."),
      run: z.string().exactOptional().describe("Address of the workflow's run, in GitHub Actions."),
    })
    .describe("Program that built the artifacts."),
  jobs: z.array(builtJobSchema).min(1).readonly().describe("Jobs, each after those that it needs."),
  artifacts: z.array(artifactSchema).readonly().describe("Files to publish."),
});

/** A file to publish. */
export type Artifact = Readonly<z.infer<typeof artifactSchema>>;
/** What ccache did while a job was built. */
export type CompilerStats = Readonly<z.infer<typeof compilerStatsSchema>>;
/** A finished job: what it was built from, and with which tools. */
export type BuiltJob = Readonly<z.infer<typeof builtJobSchema>>;
/** `dist/<target>[-<variant>]/artifacts.json`: what was built, and from what. */
export type Manifest = Readonly<z.infer<typeof manifestSchema>>;

/** The text of `artifacts.json`. */
export function showManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/**
 * Reads the `artifacts.json` of a folder, or the file that it was published as; ignores fields that
 * a later kovn-build added. Throws "usage" with all problems of the file when it is missing, broken,
 * or of a newer format.
 */
export async function readManifest(path: string, shown = path): Promise<Manifest> {
  const value = await readText(path, "a manifest")
    .then((text): unknown => JSON.parse(text))
    .catch((cause: unknown) => {
      const why = refusalOf(cause);
      throw new BuildError("usage", why === undefined ? `${shown} cannot be read as JSON.` : `${shown} cannot be read: ${why}.`, {
        cause,
      });
    });
  if (hasTooMany(value))
    throw new BuildError("usage", `${shown} has more than ${mostValues.toLocaleString("en")} values, so it is not read.`);
  const { schema } = z
    .object({ schema: z.number().catch(0) })
    .catch({ schema: 0 })
    .parse(value);
  if (schema > formatVersion)
    throw new BuildError("usage", `${shown} has format ${schema}; this kovn-build reads format ${formatVersion}.`, {
      hint: "update kovn-build (in its clone): git pull && npm ci",
    });
  const checked = manifestSchema.safeParse(value);
  if (checked.success) return checked.data;
  const problems = checked.error.issues.map((issue) => `${shown}: ${describeIssue(issue)}.`);
  throw new BuildError("usage", listOf(problems, "\n"));
}
