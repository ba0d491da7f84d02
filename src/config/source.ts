import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { unknownName } from "./names.ts";
import { readPatch, type Patch, type ReadPatch } from "./patch.ts";
import type { Project } from "./project.ts";
import { readYaml } from "./yaml.ts";

const commitId = z.string().regex(/^[0-9a-f]{40}$/, "a whole commit id (40 hexadecimal digits) is wanted");

const aptBase = z.strictObject({
  apt: z.string().regex(/^[a-z0-9][a-z0-9.+-]+$/, "a Debian package name is wanted"),
  version: z.string().min(1),
  member: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "a sha256 (64 hexadecimal digits) is wanted"),
});

const sourceFile = z.strictObject({
  upstream: z.string().min(1),
  branch: z.string().min(1),
  commit: commitId,
  version: z.string().min(1),
  revision: z.int().positive(),
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
    throw new BuildError("project", `${shown}/series: this file cannot be read; an empty one is a series without patches.`, {
      cause,
    });
  });
  const files = (await readdir(dir)).filter((file) => file.endsWith(".patch"));
  const problems: string[] = [];
  const names: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const name = line.replace(/(^|\s)#.*$/, "").trim();
    if (name === "") continue;
    const say = (what: string) => problems.push(`${shown}/series:${index + 1}: ${what}`);
    if (!/^[a-z0-9]+(-[a-z0-9]+)*\.patch$/.test(name))
      say(`\`${name}\` is no patch name: a slug (small letters, digits, hyphens) with \`.patch\` is wanted, without options.`);
    else if (names.includes(name)) say(`Patch \`${name}\` is listed a second time.`);
    else if (!files.includes(name)) say(`Patch \`${name}\` is listed, but there is no such file.`);
    else names.push(name);
  }
  const listed = new Set(names);
  for (const file of files) if (!listed.has(file)) problems.push(`${shown}/${file}:1: This patch is not listed in \`series\`.`);
  const read = await Promise.all(names.map((name) => readPatch(join(dir, name), `${shown}/${name}`, host)));
  problems.push(...read.flatMap((one) => one.problems), ...throughLinks(read, shown));
  if (problems.length > 0) throw new BuildError("project", problems.join("\n"));
  return read.map((one) => one.patch);
}

/** Patches that write below a path which this series made a symbolic link. */
function throughLinks(read: readonly ReadPatch[], shown: string): string[] {
  const links = read.flatMap((one) => one.links);
  return read.flatMap((one) =>
    one.paths
      .filter((path) => links.some((link) => path.startsWith(`${link}/`)))
      .map((path) => `${shown}/${one.patch.name}:1: Path \`${path}\` goes through a symbolic link.`),
  );
}
