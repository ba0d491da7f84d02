import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { projectError, unreadableFile, type FileProblem } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { inspectPatches, showBytes, type InspectedPatch } from "../sys/git-patch.ts";
import { assertRegular, readBytes, readText } from "../sys/read-file.ts";
import { errorCode } from "../sys/processes.ts";
import { makeRecord } from "../record.ts";
import type { Project } from "./project.ts";
import { readPatch, type Patch, type ReadPatch } from "./patch.ts";

/** The folder, in a source's own, of patches that only jobs which make packages take. */
const folder = "packaging";

/** The patches of a source's folder, by the series that lists them, in its order. */
export interface SeriesFiles {
  /** Those of `series`: every job takes them, on every base. */
  readonly patches: readonly Patch[];
  /** Those of each series in `packaging/`, by its file name: `series`, and those that alternates name. */
  readonly packaging: Readonly<Record<string, readonly Patch[]>>;
}

/** What `source.yaml` says about the series. */
export interface SeriesRules {
  /** The series in `packaging/` that alternates name; all of them if that is not known. */
  readonly alternates: readonly string[] | undefined;
  /** `optional` if patches may lack the DEP-3 fields. */
  readonly fields: "optional" | undefined;
}

/**
 * Reads the series of a source and every patch that they list. The format is that of quilt(1): one
 * file name per line, in the order of application, and `#` comments. Throws "project" with all
 * problems at once.
 */
export async function readSeries(
  dir: string,
  shown: string,
  { alternates, fields }: SeriesRules,
  host: Host,
): Promise<SeriesFiles> {
  const entries = await readdir(dir, { withFileTypes: true });
  const hasFolder = entries.some((entry) => entry.name === folder && entry.isDirectory());
  const inside = hasFolder ? (await readdir(join(dir, folder))).map((file) => `${folder}/${file}`) : [];
  const files = [...entries.map((entry) => entry.name), ...inside];
  const own = hasFolder ? ["series"] : [];
  const all = inside.flatMap((file) => (file.endsWith(".series") ? file.slice(folder.length + 1) : []));
  const names = [...new Set([...own, ...(alternates ?? all)])];
  const paths = ["series", ...names.map((name) => `${folder}/${name}`)];
  const listed = await Promise.all(paths.map((path) => listPatches(path, dir, shown, files)));
  const mentioned = new Set(listed.flatMap((one) => one.mentioned));
  const patchNames = [...new Set(listed.flatMap((one) => one.names))];
  const read = await readPatches(dir, shown, patchNames, fields, host);
  const [first = [], ...others] = listed.map((one) => one.names.flatMap((name) => read[patchNames.indexOf(name)] ?? []));
  const problems = [
    ...listed.flatMap((one) => one.problems),
    ...files
      .filter((file) => file.endsWith(".patch") && !mentioned.has(file))
      .map((file) => problemOf(`${shown}/${file}`, "This patch is not listed in `series`.")),
    ...files
      .filter((file) => file.endsWith(".series") && !paths.includes(file))
      .map((file) => problemOf(`${shown}/${file}`, "No alternate of source.yaml names this series.")),
    ...read.flatMap((one) => one.problems),
    ...[first, ...others.map((other) => [...first, ...other])].flatMap((applied) => findPathsThroughLinks(applied, shown)),
  ];
  if (problems.length > 0) throw projectError(problems);
  const patches = first.map((one) => one.patch);
  const packaging = others.map((other, index) => [names[index] ?? "", other.map((one) => one.patch)] as const);
  return { patches, packaging: makeRecord(packaging) };
}

/** The names that the series of a source list, those of `packaging/` last. Neither the patches nor the names are checked. */
export async function listSeries({ root }: Project, line: string, source: string): Promise<readonly string[]> {
  const dir = join(root, "patches", line, source);
  const inside = (await readdir(join(dir, folder)).catch(emptyIfMissing)).filter((file) => file.endsWith("series"));
  const names: string[] = [];
  for (const path of ["series", ...inside.map((file) => `${folder}/${file}`)]) {
    const text = await readText(join(dir, path), "a project file");
    names.push(...text.split("\n").flatMap((one) => (nameIn(one) === "" ? [] : [besides(path, nameIn(one))])));
  }
  return [...new Set(names)];
}

function emptyIfMissing(error: unknown): readonly string[] {
  if (errorCode(error) === "ENOENT") return [];
  throw error;
}

/** The name in a line of a series; empty for a comment. */
function nameIn(line: string): string {
  return line.replace(/(^|\s)#.*$/, "").trim();
}

/** A name that a series lists, as a path in the source's folder. */
function besides(series: string, name: string): string {
  return `${series.slice(0, series.lastIndexOf("/") + 1)}${name}`;
}

/** What a series lists: patches that exist, all names, and what is wrong. Patches go by their path in the source's folder. */
interface Listed {
  readonly names: readonly string[];
  readonly mentioned: readonly string[];
  readonly problems: readonly FileProblem[];
}

async function listPatches(path: string, dir: string, shown: string, files: readonly string[]): Promise<Listed> {
  const bytes = await readBytes(join(dir, path), "a project file").catch((cause: unknown) => {
    const isMissing = errorCode(cause) === "ENOENT";
    throw unreadableFile(`${shown}/${path}`, cause, isMissing ? "for a series without patches, make an empty file" : undefined);
  });
  const problems: FileProblem[] = [];
  const names = new Set<string>();
  const mentioned: string[] = [];
  for (const [index, line] of bytes.toString().split("\n").entries()) {
    const name = nameIn(line);
    if (name === "") continue;
    const file = besides(path, name);
    const place = { file: `${shown}/${path}`, line: index + 1, column: line.indexOf(name) + 1 };
    const say = (message: string) => problems.push({ ...place, message });
    if (!/^[a-z0-9]+(-[a-z0-9]+)*\.patch$/.test(name))
      say(`\`${name}\` is not a patch name: expected lower-case letters, digits and hyphens, then \`.patch\`, without options.`);
    else if (names.has(file)) say(`Patch \`${name}\` is listed twice.`);
    else if (!files.includes(file)) say(`Patch \`${name}\` is listed, but the file does not exist.`);
    else names.add(file);
    mentioned.push(file);
  }
  return { names: [...names], mentioned, problems };
}

/**
 * Reads all patches with one program, because a plan must be fast. Only when a patch is wrong or
 * unusual does it run git for each patch.
 */
async function readPatches(
  dir: string,
  shown: string,
  names: readonly string[],
  fields: SeriesRules["fields"],
  host: Host,
): Promise<readonly ReadPatch[]> {
  const paths = names.map((name) => join(dir, name));
  // git would wait for ever for a FIFO.
  const areReadable = await Promise.all(
    paths.map((path) =>
      assertRegular(path, "a patch").then(
        () => true,
        () => false,
      ),
    ),
  );
  const inspected = areReadable.every(Boolean) ? await inspectPatches(paths, { host }) : undefined;
  const readAll = (known: readonly InspectedPatch[] = []) =>
    Promise.all(names.map((name, index) => readPatch(dir, name, `${shown}/${name}`, host, { inspected: known[index], fields })));
  const read = await readAll(inspected);
  return inspected === undefined || read.every((one) => one.problems.length === 0) ? read : readAll();
}

/**
 * Finds patches that write below a path that this patch or an earlier one makes a symbolic link.
 */
function findPathsThroughLinks(read: readonly ReadPatch[], shown: string): FileProblem[] {
  const links = new Set<string>();
  const problems: FileProblem[] = [];
  for (const { patch, touched } of read) {
    for (const link of touched.newLinks) links.add(link);
    const through = touched.paths.filter((path) => [...links].some((link) => path.startsWith(`${link}/`)));
    problems.push(
      ...through.map((path) =>
        problemOf(`${shown}/${patch.name}`, `Path \`${showBytes(path)}\` goes through a symbolic link of this series.`),
      ),
    );
    for (const link of touched.goneLinks) links.delete(link);
  }
  return problems;
}

/** A problem of a whole file. */
function problemOf(file: string, message: string): FileProblem {
  return { file, line: 1, column: 1, message };
}
