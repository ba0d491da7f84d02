import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BuildError } from "../errors.ts";
import { packageName } from "../steps/deb.ts";
import type { Host } from "../sys/exec.ts";
import { inspectPatches, type InspectedPatch } from "../sys/git-patch.ts";
import { gitIdSchema, sha256Schema } from "../sys/schemas.ts";
import { unknownName } from "./names.ts";
import { readPatch, type Patch, type ReadPatch } from "./patch.ts";
import type { Project } from "./project.ts";
import { readYaml } from "./yaml.ts";

const aptBase = z.strictObject({
  apt: packageName,
  version: z.string().min(1),
  member: z
    .string()
    .regex(/^[^/]/, "expected a path in the package, without a leading slash")
    .refine((path) => !path.split("/").includes(".."), "expected a path that stays inside the package"),
  sha256: sha256Schema,
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
export interface Source extends Readonly<z.infer<typeof sourceFile>> {
  readonly name: string;
  readonly patches: readonly Patch[];
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
  return { ...pin, name, patches: await readSeries(dir, shown, host) };
}

/** Reads and checks all sources of a line. */
export async function readSources(project: Project, line: string, host: Host): Promise<readonly Source[]> {
  const names = await listSources(project, line);
  return Promise.all(names.map((name) => readSource(project, line, name, host)));
}

/**
 * Reads `series` and every patch that it lists. The format is that of quilt(1): one file name per
 * line, in the order of application, and `#` comments.
 */
async function readSeries(dir: string, shown: string, host: Host): Promise<readonly Patch[]> {
  const text = await readFile(join(dir, "series"), "utf8").catch((cause: unknown) => {
    throw new BuildError(
      "project",
      `${shown}/series:1:1: This file cannot be read; for a series without patches, make it empty.`,
      {
        cause,
      },
    );
  });
  const files = (await readdir(dir)).filter((file) => file.endsWith(".patch"));
  const problems: string[] = [];
  const names = new Set<string>();
  const listed = new Set<string>();
  for (const [index, line] of text.split("\n").entries()) {
    const name = line.replace(/(^|\s)#.*$/, "").trim();
    if (name === "") continue;
    const say = (what: string) => problems.push(`${shown}/series:${index + 1}:${line.indexOf(name) + 1}: ${what}`);
    if (!/^[a-z0-9]+(-[a-z0-9]+)*\.patch$/.test(name))
      say(`\`${name}\` is not a patch name: expected lower-case letters, digits and hyphens, then \`.patch\`, without options.`);
    else if (names.has(name)) say(`Patch \`${name}\` is listed twice.`);
    else if (!files.includes(name)) say(`Patch \`${name}\` is listed, but the file does not exist.`);
    else names.add(name);
    listed.add(name);
  }
  for (const file of files) if (!listed.has(file)) problems.push(`${shown}/${file}:1:1: This patch is not listed in \`series\`.`);
  const read = await readPatches(dir, shown, [...names], host);
  problems.push(...read.flatMap((one) => one.problems), ...findPathsThroughLinks(read, shown));
  if (problems.length > 0) throw new BuildError("project", problems.join("\n"));
  return read.map((one) => one.patch);
}

/**
 * Reads all patches with one program, because a plan must be fast. Only when a patch is wrong or
 * unusual does it run git for each patch.
 */
async function readPatches(dir: string, shown: string, names: readonly string[], host: Host): Promise<readonly ReadPatch[]> {
  const inspected = await inspectPatches(
    names.map((name) => join(dir, name)),
    { host },
  );
  const readAll = (known: readonly InspectedPatch[] = []) =>
    Promise.all(names.map((name, index) => readPatch(join(dir, name), `${shown}/${name}`, host, known[index])));
  const read = await readAll(inspected);
  return inspected === undefined || read.every((one) => one.problems.length === 0) ? read : readAll();
}

/**
 * Finds patches that write below a path that this patch or an earlier one makes a symbolic link.
 */
function findPathsThroughLinks(read: readonly ReadPatch[], shown: string): string[] {
  const links = new Set<string>();
  const problems: string[] = [];
  for (const { patch, touched } of read) {
    for (const link of touched.newLinks) links.add(link);
    const through = touched.paths.filter((path) => [...links].some((link) => path.startsWith(`${link}/`)));
    problems.push(
      ...through.map((path) => `${shown}/${patch.name}:1:1: Path \`${path}\` goes through a symbolic link of this series.`),
    );
    for (const link of touched.goneLinks) links.delete(link);
  }
  return problems;
}
