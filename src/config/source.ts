import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { packageName } from "../steps/deb.ts";
import type { Host } from "../sys/exec.ts";
import { gitIdSchema, sha256Schema } from "../sys/schemas.ts";
import { unknownName } from "./names.ts";
import type { Project } from "./project.ts";
import { readSeries, type SeriesFiles } from "./series.ts";
import { readYaml } from "./yaml.ts";

const aptBase = z.strictObject({
  apt: packageName,
  version: z.string().min(1),
  member: z
    .string()
    .regex(/^[^/]/, "expected a path in the package, without a leading slash")
    .refine((path) => !path.split("/").includes(".."), "expected a path that stays inside the package"),
  sha256: sha256Schema,
  packaging: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*\.series$/, "expected lower-case letters, digits and hyphens, then `.series`")
    .exactOptional()
    .describe("the series in `packaging/` for this base, where it is not `series`"),
});

const suite = z.strictObject({
  /** Sources that are built first; `configure` gets `--with-NAME-source` for each. */
  needs: z.array(z.string().min(1)).default([]),
  /** Arguments for `configure`. */
  configure: z.array(z.string().min(1)).default([]),
  /** Make targets that run tests, each with the autotest program that it runs. */
  check: z.record(z.string().min(1), z.string().regex(/^[^/]/, "expected a path in the source tree")),
});

const sourceFile = z.strictObject({
  upstream: z.string().min(1),
  branch: z.string().min(1),
  commit: gitIdSchema,
  version: z.string().min(1),
  revision: z.int().positive(),
  /** SPDX license expression, for the SBOM. */
  license: z.string().min(1).exactOptional(),
  suite: suite.optional(),
  alternates: z.array(aptBase).default([]),
  merged: z
    .array(
      z.strictObject({
        seed: z.string().regex(/^[0-9a-f]{10}$/),
        commit: gitIdSchema,
        since: z.string().min(1),
        effect: z.strictObject({ file: z.string().min(1), text: z.string().min(1) }),
      }),
    )
    .default([]),
});

/** How to build and run a source's own upstream tests. */
export type Suite = Readonly<z.infer<typeof suite>>;

/**
 * An upstream pinned at a commit, with its series of patches. Read from `patches/<line>/<name>/`.
 */
export interface Source extends Readonly<z.infer<typeof sourceFile>>, SeriesFiles {
  readonly name: string;
}

/** The names of a line's sources, which are the folders of `patches/<line>/`. */
export async function listSources(project: Project, line: string): Promise<readonly string[]> {
  const entries = await readdir(join(project.root, "patches", line), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

/**
 * Reads and checks one source of a line, with its series. Throws "usage" for an unknown name, and
 * "project" that lists all problems in its files.
 */
export async function readSource(project: Project, line: string, name: string, host: Host): Promise<Source> {
  const known = await listSources(project, line);
  if (!known.includes(name)) throw unknownName("Source", name, known);
  const shown = `patches/${line}/${name}`;
  const dir = join(project.root, shown);
  const pin = await readYaml(join(dir, "source.yaml"), sourceFile, `${shown}/source.yaml`);
  const alternates = pin.alternates.flatMap((alternate) => alternate.packaging ?? []);
  return { ...pin, name, ...(await readSeries(dir, shown, alternates, host)) };
}

/** Reads and checks all sources of a line. */
export async function readSources(project: Project, line: string, host: Host): Promise<readonly Source[]> {
  const names = await listSources(project, line);
  return Promise.all(names.map((name) => readSource(project, line, name, host)));
}
