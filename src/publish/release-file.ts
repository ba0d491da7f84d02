import { join, relative, resolve } from "node:path";
import { z } from "zod";
import { listLines } from "../config/lines.ts";
import { capital, unknownName } from "../config/names.ts";
import { readPipelines } from "../config/pipeline.ts";
import { homeOf, type Project } from "../config/project.ts";
import { readYaml } from "../config/yaml.ts";
import { BuildError } from "../errors.ts";
import { allowances } from "../set/set.ts";
import type { Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { assertTrusted } from "../sys/owner.ts";
import { textSchema } from "../sys/schemas.ts";
import { secretsIn } from "../sys/secret-shapes.ts";
import { assertApart, destinationForms, destinationPattern, parseDestination, type NamedDestination } from "./registry.ts";

/** The name of the file, in the project's folder. */
export const releaseFileName = "release.yaml";
const safeText = textSchema.refine((text) => secretsIn(text).length === 0, {
  error: "a secret does not belong in this file: set GITHUB_TOKEN, or log in with docker or podman",
  // What follows quotes what it refuses.
  abort: true,
});

const destination = safeText.meta({ pattern: destinationPattern }).transform((to, context): NamedDestination => {
  try {
    return { to, ...parseDestination(to) };
  } catch (error) {
    complain(error, context);
    return z.NEVER;
  }
});

const names = (what: string) => z.array(safeText).min(1, `expected at least one ${what}`);

/** Kinds of builds that `--allow-…` lets through. */
const exception = z.enum(allowances);

const rules = z.strictObject({
  lines: names("line").exactOptional().describe("Lines that may be published; default: all."),
  targets: names("target").exactOptional().describe("Targets that may be published; default: all."),
  variants: names("variant").exactOptional().describe("Variants that may be published; default: all."),
  allow: z
    .array(exception)
    .exactOptional()
    .describe(
      "Exceptions that may be made with `--allow-…`. With an empty list, only verified builds of a locked series on its pin are published; default: all.",
    ),
});

/** `release.yaml`. */
export const releaseFile = z
  .strictObject({
    to: z
      .array(destination)
      .exactOptional()
      .describe(
        `Destinations that \`publish\` and \`release plan\` take if \`--to\` is not given: \`${destinationForms}\`. Paths are relative to this file.`,
      ),
    sign: safeText
      .exactOptional()
      .describe("gpg key that signs at these destinations: a fingerprint, an id or a mail address. `--sign` replaces it."),
    keep: z
      .int()
      .positive()
      .exactOptional()
      .describe("Versions of each package that stay in the apt repositories of `to`; default: all. `--keep` replaces it."),
    only: rules.exactOptional().describe("What may be published, also with `--to`; default: everything."),
  })
  .superRefine(({ to = [], sign, keep }, context) => {
    const refuse = (key: string, why: string) => context.addIssue({ code: "custom", path: [key], message: why });
    if (sign !== undefined && to.length === 0) refuse("sign", "there is no destination in `to` to sign at");
    if (keep !== undefined && !to.some(({ publisher }) => publisher.kind === "apt"))
      refuse("keep", "it is for an apt repository, and none of `to` is one");
    try {
      assertApart(to, []);
    } catch (error) {
      complain(error, context, ["to"]);
    }
  });

/** What may be published, and with which exceptions. */
export type ReleaseRules = Readonly<z.infer<typeof rules>>;

/** What `release.yaml` says. Places are as they are from the current folder. */
export type ReleaseFile = Readonly<z.infer<typeof releaseFile>>;

/**
 * Reads `release.yaml` of a project; undefined if there is none. Throws "project" with all that is
 * wrong, also for lines, targets and variants that the project does not have, and "usage" for a
 * file of another user.
 */
export async function readReleaseFile(project: Project, host: Host): Promise<ReleaseFile | undefined> {
  const home = homeOf(project);
  const path = join(home, releaseFileName);
  if (!(await exists(path))) return undefined;
  await assertTrusted(path, host, home);
  const known = await knownNames(project);
  const schema = releaseFile.superRefine(({ only = {} }, context) => {
    for (const [key, kind] of kinds)
      for (const [index, name] of (only[key] ?? []).entries())
        if (!known[key].includes(name)) complain(unknownName(capital(kind), name, known[key]), context, ["only", key, index]);
  });
  const { to, ...rest } = await readYaml(path, schema, releaseFileName);
  return { ...rest, ...(to === undefined ? {} : { to: to.map((one) => fromHere(one, home)) }) };
}

/** The keys of names in `only`, and what each is a name of. */
export const kinds = [
  ["lines", "line"],
  ["targets", "target"],
  ["variants", "variant"],
] as const;

async function knownNames(project: Project): Promise<Readonly<Record<(typeof kinds)[number][0], readonly string[]>>> {
  const pipelines = await readPipelines(project);
  const all = (of: readonly string[]) => [...new Set(of)].toSorted();
  return {
    lines: await listLines(project),
    targets: all(pipelines.map(({ target }) => target)),
    variants: all(pipelines.flatMap(({ flags }) => Object.keys(flags))),
  };
}

function fromHere(one: NamedDestination, home: string): NamedDestination {
  return one.publisher.remote === true ? one : { ...one, place: relative("", resolve(home, one.place)) };
}

/** Adds what a call refused to what is wrong with the file. Throws any other error. */
function complain(error: unknown, context: z.core.$RefinementCtx, path: readonly PropertyKey[] = []): void {
  if (!(error instanceof BuildError)) throw error;
  context.addIssue({ code: "custom", path: [...path], message: error.message.replace(/\.$/, "") });
}
