import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { allOrProblems, BuildError, projectError } from "../errors.ts";
import { packageName } from "../steps/deb.ts";
import type { Host } from "../sys/exec.ts";
import { addressFault, urlOf } from "../sys/credentials.ts";
import { gitIdSchema, nameSchema, pathSchema, sha256Schema, textSchema, versionSchema } from "../sys/schemas.ts";
import { parseStaged } from "../sys/staging.ts";
import { unknownName } from "./names.ts";
import { picksSchema } from "./pick.ts";
import { homeOf, type Project } from "./project.ts";
import { readSeries, type SeriesFiles, type SeriesRules } from "./series.ts";
import { readYaml } from "./yaml.ts";

const aptBase = z.strictObject({
  apt: packageName.describe("Debian package that has the source."),
  version: versionSchema.describe("Version of the package."),
  member: pathSchema.describe("Archive of the source in the package."),
  sha256: sha256Schema.describe("sha256 of that archive."),
  packaging: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*\.series$/, "expected lower-case letters, digits and hyphens, then `.series`")
    .exactOptional()
    .describe("Series in `packaging/` for this base, if it is not `series`."),
});

const suite = z.strictObject({
  needs: z
    .array(nameSchema)
    .default([])
    .describe("Sources that are built first. `configure` gets `--with-NAME-source` for each."),
  configure: z.array(z.string().min(1)).default([]).describe("Arguments for `configure`."),
  check: z
    .record(z.string().min(1).describe("make target"), pathSchema)
    .describe("Make targets that run tests, each with the autotest program that it runs."),
});

/** An entry of the seed. */
const seedId = z
  .string()
  .regex(/^[0-9a-f]{10}$/, "expected the first 10 digits of a commit id")
  .describe("The entry: the first 10 digits of its commit.");

/** A change that upstream has made, and what to look for in the pinned tree. */
export const mergedChange = {
  commit: gitIdSchema.describe("Upstream's commit that makes this change."),
  since: z.string().min(1).describe("First upstream release with this commit."),
  effect: z
    .strictObject({
      file: z.string().min(1).describe("File in the source tree."),
      text: z.string().min(1).describe("Text that the file has."),
    })
    .describe("What to look for in the pinned tree, to see that it has the change."),
};

/** The fields of `source.yaml`. */
const fields = z.strictObject({
  upstream: z
    .string()
    .min(1)
    .superRefine((address, context) => {
      const fault = addressFault(address);
      if (fault !== undefined) context.addIssue(`address ${fault}; give a login with \`--from\``);
    })
    .describe(
      "URL of upstream's git repository, without a login, or its path, relative to the project's folder. It is published as the place of the source.",
    ),
  branch: z.string().min(1).describe("Branch where the commit was found. It is not used to fetch."),
  commit: gitIdSchema.describe("Pinned commit: the base of the series."),
  version: versionSchema.describe("Version that the tree has at this commit."),
  revision: z.int().positive().describe("Revision of the series. Each change of the series raises it; package versions have it."),
  fields: z
    .literal("optional")
    .exactOptional()
    .describe("Patches may lack the DEP-3 fields, as those of others do. A field that is there is valid."),
  seed: z.literal("optional").exactOptional().describe("The source need not account for its entries of the seed."),
  license: z.string().min(1).exactOptional().describe("SPDX license expression, for the SBOM."),
  suite: suite.optional().describe("How to build and run upstream's own tests."),
  picks: picksSchema
    .default([])
    .describe(
      "Upstream's commits that are taken onto the pinned commit, in order, before the series. A base without history lacks them.",
    ),
  alternates: z.array(aptBase).default([]).describe("Other bases, in order, for when upstream cannot be reached."),
  merged: z
    .array(z.strictObject({ seed: seedId, ...mergedChange }))
    .default([])
    .describe("Entries of the seed that the pinned commit already has."),
  dropped: z
    .array(
      z.strictObject({
        seed: seedId,
        since: textSchema.describe("Since when: a release of Kube-OVN, such as `1.12.1`, or of the source."),
        why: textSchema.describe("Why, for people. Release notes have it."),
      }),
    )
    .default([])
    .describe("Entries of the seed that the line does not carry."),
});

/** `source.yaml`. */
export const sourceFile = fields.superRefine(({ commit, picks, merged, dropped }, context) => {
  const say = (path: PropertyKey[], message: string) => context.addIssue({ code: "custom", path, message });
  const index = picks.findIndex((pick) => pick.commit === commit);
  if (index >= 0) say(["picks", index, "commit"], "this is the pinned commit itself");
  for (const [at, { seed }] of dropped.entries()) {
    if (merged.some((one) => one.seed === seed)) say(["dropped", at, "seed"], "this entry is in `merged` too");
    if (dropped.findIndex((one) => one.seed === seed) < at) say(["dropped", at, "seed"], "this entry is listed twice");
  }
});

/** How to build and run a source's own upstream tests. */
export type Suite = Readonly<z.infer<typeof suite>>;

/**
 * An upstream pinned at a commit, with its series of patches. Read from `patches/<line>/<name>/`.
 */
export interface Source extends Readonly<z.infer<typeof sourceFile>>, SeriesFiles {
  readonly line: string;
  readonly name: string;
  /** The path of its `source.yaml`. */
  readonly path: string;
  /** Where `upstream` is: its address, or an absolute path. It is not published. */
  readonly place: string;
}

/** The names of a line's sources, which are the folders of `patches/<line>/`. */
export async function listSources(project: Project, line: string): Promise<readonly string[]> {
  const entries = await readdir(join(project.root, "patches", line), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  for (const left of names) {
    const { name, role } = parseStaged(left) ?? {};
    if (role === "old" && name !== undefined && !names.includes(name))
      throw new BuildError("project", `patches/${line}: \`patches export\` was killed while it replaced a source.`, {
        hint: `mv patches/${line}/${left} patches/${line}/${name}`,
      });
  }
  const shown = names.filter((name) => !name.startsWith(".")).toSorted();
  const problems = shown.flatMap((name) => {
    const problem = nameSchema.safeParse(name).error?.issues[0]?.message;
    return problem === undefined ? [] : [{ file: `patches/${line}/${name}`, line: 1, column: 1, message: `${problem}.` }];
  });
  if (problems.length > 0) throw projectError(problems);
  return shown;
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
  const path = join(dir, "source.yaml");
  const reading = readYaml(path, sourceFile, `${shown}/source.yaml`);
  const rules = reading.then(seriesRules, () => ({ alternates: undefined, fields: undefined }));
  const [pin, series] = await allOrProblems([reading, readSeries(dir, shown, await rules, host)]);
  return { ...pin, line, name, path, place: urlOf(pin.upstream, homeOf(project)), ...series };
}

/** What `source.yaml` says about the series. */
export function seriesRules({ alternates, fields: form }: Pick<Source, "alternates" | "fields">): SeriesRules {
  return { alternates: alternates.flatMap((alternate) => alternate.packaging ?? []), fields: form };
}

/**
 * Reads and checks sources of a line, by default all. Throws "project" that lists all problems in
 * the files of all of them.
 */
export async function readSources(
  project: Project,
  line: string,
  host: Host,
  only?: readonly string[],
): Promise<readonly Source[]> {
  const names = only ?? (await listSources(project, line));
  return allOrProblems(names.map(async (name) => readSource(project, line, name, host)));
}
