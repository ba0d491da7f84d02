import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BuildError } from "../errors.ts";
import { gitIdSchema, sha256Schema } from "../sys/schemas.ts";

/** The version of the format. */
const formatVersion = 1;

/** Becomes part of published paths. */
const name = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "expected a name of lower-case letters, digits, dots and hyphens");
/** A relative path that stays in its folder, in characters that need no quoting. */
export const pathSchema = z
  .string()
  .regex(/^[\w.+~-]+(\/[\w.+~-]+)*$/, "expected a relative path of letters, digits and `.+~-_`")
  .refine((value) => !value.split("/").some((part) => part === "." || part === ".."), "expected a path inside the folder");

const base = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("git"), url: z.string(), commit: gitIdSchema }),
  z.object({ kind: z.literal("apt"), package: z.string(), version: z.string(), member: z.string(), sha256: sha256Schema }),
]);

/** A file to publish. */
export const artifactSchema = z.object({
  /** Path relative to the folder of the target. */
  file: pathSchema,
  /** Bytes. */
  size: z.int().nonnegative(),
  sha256: sha256Schema,
  job: z.string(),
  package: z.string().exactOptional(),
  version: z.string().exactOptional(),
  architecture: z.string().exactOptional(),
});

const compilerStats = z.object({
  /** Compilations whose result came from a cache. */
  hits: z.int().nonnegative(),
  misses: z.int().nonnegative(),
  /** Hits that came from the remote cache. */
  remoteHits: z.int().nonnegative(),
  /** Failed requests to the remote cache. */
  remoteErrors: z.int().nonnegative(),
});

const patches = z
  .array(
    z.object({
      name: z.string(),
      sha256: sha256Schema,
      patchId: z.string(),
      seed: z.string(),
      subject: z.string().default(""),
      origin: z.string().default(""),
    }),
  )
  .readonly();

/** A finished job. */
export const builtJobSchema = z.object({
  id: z.string(),
  key: z.string(),
  source: name,
  version: z.string(),
  revision: z.int().positive(),
  base,
  baseCommit: gitIdSchema,
  /** True when the base is not the pinned commit of the upstream but a declared alternate. */
  alternate: z.boolean(),
  /** True when the series and the patched commit are those of the lock. */
  locked: z.boolean().default(false),
  /** SPDX expression of the upstream's licences. */
  license: z.string().exactOptional(),
  patchedCommit: gitIdSchema,
  patchedTree: gitIdSchema,
  series: patches,
  /** Patches on top of the series, and the commit and tree that packages were built of; absent if there are none. */
  packaging: patches.exactOptional(),
  packaged: z.object({ commit: gitIdSchema, tree: gitIdSchema }).exactOptional(),
  /** Files that the job used besides its source, such as a driver that was built elsewhere. */
  inputs: z
    .array(z.object({ name: z.string(), sha256: sha256Schema }))
    .readonly()
    .exactOptional(),
  /** Versions of the Debian packages that the job declares: compiler, debhelper, libraries. */
  tools: z.record(z.string(), z.string()).readonly(),
  /** Milliseconds. */
  duration: z.number(),
  /** What the compiler cache did; absent when nothing was compiled through it. */
  compilerCache: compilerStats.exactOptional(),
});

const manifest = z.object({
  schema: z.literal(formatVersion),
  target: name,
  line: name,
  variant: name,
  arch: name,
  flags: z.string(),
  builder: z.object({
    name: z.string(),
    version: z.string(),
    node: z.string(),
    /** Addresses of the workflow and of its run, for a build in Actions. */
    workflow: z.string().exactOptional(),
    run: z.string().exactOptional(),
  }),
  jobs: z.array(builtJobSchema).min(1).readonly(),
  artifacts: z.array(artifactSchema).readonly(),
});

/** A file to publish. */
export type Artifact = Readonly<z.infer<typeof artifactSchema>>;
/** What ccache did while a job was built. */
export type CompilerStats = Readonly<z.infer<typeof compilerStats>>;
/** A finished job: what it was built from, and with which tools. */
export type BuiltJob = Readonly<z.infer<typeof builtJobSchema>>;
/**
 * The manifest of a build, `dist/<target>/artifacts.json`: what was built, and how.
 * docs/artifacts.md describes the format.
 */
export type Manifest = Readonly<z.infer<typeof manifest>>;

/**
 * Reads the `artifacts.json` of a folder; ignores fields that a later kovn-build added. Throws
 * "usage" with all problems of the file when it is missing, broken, or of a newer format.
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const shown = join(folder, "artifacts.json");
  const value = await readFile(shown, "utf8")
    .then((text): unknown => JSON.parse(text))
    .catch((cause: unknown) => {
      throw new BuildError("usage", `${shown} cannot be read as JSON.`, { cause });
    });
  const { schema } = z
    .object({ schema: z.number().catch(0) })
    .catch({ schema: 0 })
    .parse(value);
  if (schema > formatVersion)
    throw new BuildError("usage", `${shown} has format ${schema}; this kovn-build reads format ${formatVersion}.`, {
      hint: "npm install kovn-build@latest",
    });
  const checked = manifest.safeParse(value);
  if (checked.success) return checked.data;
  const problems = checked.error.issues.map((issue) => `${shown}: ${issue.path.join(".") || "the file"}: ${issue.message}.`);
  throw new BuildError("usage", problems.join("\n"));
}
