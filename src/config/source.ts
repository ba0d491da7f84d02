import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BuildError } from "../errors.ts";
import { packageName } from "../steps/deb.ts";
import type { Host } from "../sys/exec.ts";
import { seePatches, type SeenPatch } from "../sys/git-patch.ts";
import { unknownName } from "./names.ts";
import { readPatch, type Patch, type ReadPatch } from "./patch.ts";
import type { Project } from "./project.ts";
import { readYaml } from "./yaml.ts";

const commitId = z.string().regex(/^[0-9a-f]{40}$/, "a whole commit id (40 hexadecimal digits) is wanted");

const aptBase = z.strictObject({
  apt: packageName,
  version: z.string().min(1),
  member: z
    .string()
    .regex(/^[^/]/, "a path in the package, without a slash in front, is wanted")
    .refine((path) => !path.split("/").includes(".."), "a path inside of the package is wanted"),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "a sha256 (64 hexadecimal digits) is wanted"),
});

const suite = z.strictObject({
  /** Sources whose trees are built first; `configure` gets `--with-NAME-source` for each. */
  needs: z.array(z.string().min(1)).default([]),
  /** Arguments of `configure`. */
  configure: z.array(z.string().min(1)).default([]),
  /** Targets of `make` that run tests, each with the autotest program that it runs. */
  check: z.record(z.string().min(1), z.string().regex(/^[^/]/, "a path in the source tree is wanted")),
});

const sourceFile = z.strictObject({
  upstream: z.string().min(1),
  branch: z.string().min(1),
  commit: commitId,
  version: z.string().min(1),
  revision: z.int().positive(),
  /** SPDX expression, for the list of materials. */
  license: z.string().min(1).exactOptional(),
  suite: suite.optional(),
  alternates: z.array(aptBase).default([]),
  merged: z
    .array(
      z.strictObject({
        seed: z.string().regex(/^[0-9a-f]{10}$/),
        commit: commitId,
        since: z.string().min(1),
        effect: z.strictObject({ file: z.string().min(1), text: z.string().min(1) }),
      }),
    )
    .default([]),
});

/** How upstream's own tests of a source are built and run. */
export type Suite = Readonly<z.infer<typeof suite>>;

/** An upstream pinned at a commit, with its series: `patches/<line>/<name>/`. */
export interface Source extends Readonly<z.infer<typeof sourceFile>> {
  readonly name: string;
  readonly patches: readonly Patch[];
}

/** Names of a line's sources: the folders of `patches/<line>/`. */
export async function listSources(project: Project, line: string): Promise<readonly string[]> {
  const entries = await readdir(join(project.root, "patches", line), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}

/**
 * Reads one source of a line with its series and checks both. Throws "usage" for an unknown name, and "project" with all problems of
 * its files at once.
 */
export async function readSource(project: Project, line: string, name: string, host: Host): Promise<Source> {
  const known = await listSources(project, line);
  if (!known.includes(name)) throw unknownName("Source", name, known);
  const shown = `patches/${line}/${name}`;
  const dir = join(project.root, shown);
  const pin = await readYaml(join(dir, "source.yaml"), sourceFile, `${shown}/source.yaml`);
  return { ...pin, name, patches: await readSeries(dir, shown, host) };
}

/** All sources of a line, read and checked. */
export async function readSources(project: Project, line: string, host: Host): Promise<readonly Source[]> {
  const names = await listSources(project, line);
  return Promise.all(names.map((name) => readSource(project, line, name, host)));
}

/** Reads `series` (quilt(1): a file name a line, `#` comments, order is application order) and every patch that it names. */
async function readSeries(dir: string, shown: string, host: Host): Promise<readonly Patch[]> {
  const text = await readFile(join(dir, "series"), "utf8").catch((cause: unknown) => {
    throw new BuildError("project", `${shown}/series:1:1: This file cannot be read; an empty one is a series without patches.`, {
      cause,
    });
  });
  const files = (await readdir(dir)).filter((file) => file.endsWith(".patch"));
  const problems: string[] = [];
  const names = new Set<string>();
  const mentioned = new Set<string>();
  for (const [index, line] of text.split("\n").entries()) {
    const name = line.replace(/(^|\s)#.*$/, "").trim();
    if (name === "") continue;
    const say = (what: string) => problems.push(`${shown}/series:${index + 1}:${line.indexOf(name) + 1}: ${what}`);
    if (!/^[a-z0-9]+(-[a-z0-9]+)*\.patch$/.test(name))
      say(`\`${name}\` is no patch name: a slug (small letters, digits, hyphens) with \`.patch\` is wanted, without options.`);
    else if (names.has(name)) say(`Patch \`${name}\` is listed a second time.`);
    else if (!files.includes(name)) say(`Patch \`${name}\` is listed, but there is no such file.`);
    else names.add(name);
    mentioned.add(name);
  }
  for (const file of files)
    if (!mentioned.has(file)) problems.push(`${shown}/${file}:1:1: This patch is not listed in \`series\`.`);
  const read = await readPatches(dir, shown, [...names], host);
  problems.push(...read.flatMap((one) => one.problems), ...throughLinks(read, shown));
  if (problems.length > 0) throw new BuildError("project", problems.join("\n"));
  return read.map((one) => one.patch);
}

/** Has git look at all patches at once, and only when something is wrong or unusual at each: a plan is to come at once. */
async function readPatches(dir: string, shown: string, names: readonly string[], host: Host): Promise<readonly ReadPatch[]> {
  const seen = await seePatches(
    names.map((name) => join(dir, name)),
    { host },
  );
  const readAll = (known: readonly SeenPatch[] = []) =>
    Promise.all(names.map((name, index) => readPatch(join(dir, name), `${shown}/${name}`, host, known[index])));
  const read = await readAll(seen);
  return seen === undefined || read.every((one) => one.problems.length === 0) ? read : readAll();
}

/** Patches that write below a path which the series, up to and with this patch, made a symbolic link. */
function throughLinks(read: readonly ReadPatch[], shown: string): string[] {
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
