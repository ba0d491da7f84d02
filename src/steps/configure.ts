import { chmod, lstat, mkdir, readdir, readlink, symlink, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { makeRecord } from "../record.ts";
import { truePath } from "../sys/disk.ts";
import { cloneFile, exists, listFiles, removeFolder, sha256, sha256File } from "../sys/files.ts";
import { globInside } from "../sys/glob.ts";
import { readBytes } from "../sys/read-file.ts";
import { writeTemporary } from "../sys/write-whole.ts";
import { insidePattern } from "./path.ts";
import type { Generated, GeneratedFile, GeneratedFiles, StepContext } from "./step.ts";

/** What the files that `autoreconf` and `configure` generate are made from. */
export const configureSchema = z
  .strictObject({
    reads: z.array(insidePattern).min(1).describe("Files of `src/` (glob patterns). Nothing else is there."),
    others: z
      .array(insidePattern)
      .default([])
      .describe("Files of needed jobs, each with its job: `ovs/src/config.h`. Nothing else of those jobs is there."),
  })
  .describe(
    "Configures the source in a folder that has nothing but these files, before anything else. What that generates is kept in the cache, by the content of these files, the environment and the programs, and used again while they are the same.",
  );

export type ConfigureInput = z.infer<typeof configureSchema>;

/** The time of every file before it is configured: whatever is newer was generated. */
const before = new Date("2000-01-01T00:00:00Z");

/** Nothing of what differs between two states of the series, or two machines. */
const common = { epoch: before.getTime() / 1000, version: "", revision: 0, versionSuffix: "", parallel: 1 };

/** A part of configuring. */
export type ConfigurePart = "autoreconf" | "configure";

/** Configures the source in a stage, and returns what that depends on besides files: the whole command. */
export interface Configure {
  /** Makes the stage what is configured, before its files are compared. */
  readonly prepare: (parts: readonly ConfigurePart[], stage: StepContext) => Promise<void>;
  /** The program with its environment; paths of the stage may be in it. */
  readonly command: (stage: StepContext) => Readonly<Record<string, string>>;
  /** Does the parts that the stage was prepared for. */
  readonly run: (parts: readonly ConfigurePart[], stage: StepContext) => Promise<void>;
}

/**
 * Puts what configuring the source generates into `src/`: from the cache, or from a stage, a folder
 * that is like that of a run but has only the files of `input`. So nothing else can change what is
 * generated. False, with nothing done, in a build without a cache.
 */
export async function configureApart(input: ConfigureInput, how: Configure, context: StepContext): Promise<boolean> {
  const { dir, generated } = context;
  if (generated === undefined) return false;
  const made = isInParts(input)
    ? await generate(["configure"], input, how, { ...context, generated }, async (stage) => {
        const first = await autoreconf(input, how, { ...context, generated });
        await place(first, join(stage.dir, "src"), dirname(stage.dir));
      })
    : await generate(["autoreconf", "configure"], input, how, { ...context, generated });
  await place(made, join(dir, "src"), dirname(truePath(dir)));
  return true;
}

/** Generates ahead what needs no other job, for `configureApart`, which finds it in the cache. */
export async function autoreconfAhead(input: ConfigureInput, how: Configure, context: StepContext): Promise<void> {
  const { generated } = context;
  if (generated !== undefined && isInParts(input)) await autoreconf(input, how, { ...context, generated });
}

/** Where configure reads files of other jobs, autoreconf is a part of its own. */
function isInParts({ others }: ConfigureInput): boolean {
  return others.length > 0;
}

type Caching = StepContext & { readonly generated: GeneratedFiles };

async function autoreconf(input: ConfigureInput, how: Configure, context: Caching): Promise<Generated> {
  return generate(["autoreconf"], { ...input, others: [] }, how, context);
}

/** Takes what these parts generate from the cache, or makes it in a stage, after `first`. */
async function generate(
  what: readonly ConfigurePart[],
  input: ConfigureInput,
  how: Configure,
  context: Caching,
  first: (stage: StepContext) => Promise<void> = async () => undefined,
): Promise<Generated> {
  const { dir, generated, onLines } = context;
  const [done, folder] = what.includes("configure") ? ["configured", "configure"] : ["autoreconf ran", "autoreconf"];
  const stage = join(truePath(dir), folder);
  const inStage = { ...context, ...common, dir: join(stage, basename(dir)) };
  for (const name of ["home", "tmp", "src"]) await mkdir(join(inStage.dir, name), { recursive: true });
  await copyFiles(input.reads, join(dir, "src"), join(inStage.dir, "src"));
  await copyFiles(input.others, dirname(dir), stage);
  await how.prepare(what, inStage);
  const command = Object.entries(how.command(inStage)).map(
    ([name, value]) => [name, short(value.replaceAll(stage, ""))] as const,
  );
  const files = await digestFiles(stage);
  const parts = makeRecord([
    ["generates", folder],
    ...files.map(([path, digest]) => [`file ${path}`, digest] as const),
    ...command.map(([name, value]) => [`setting ${name}`, value] as const),
  ]);
  const make = async (): Promise<Generated> => {
    await first(inStage);
    await how.run(what, inStage);
    return { from: stage, files: await readGenerated(join(inStage.dir, "src"), new Map(files), basename(dir)) };
  };
  const { changes, ...made } = await generated.take(parts, make);
  const why = changes.length === 0 ? "" : ` (${changes.join("; ")})`;
  await onLines([`kovn-build: ${done} ${made.isCached ? "before: its files are used again" : `now${why}`}`]);
  await removeFolder(stage);
  return made;
}

/** A value that a line of the log can show, else its digest. */
function short(value: string): string {
  return value.length <= 80 ? value : sha256(value);
}

async function copyFiles(patterns: readonly string[], from: string, to: string): Promise<void> {
  for (const path of await globInside(patterns, from, { dot: true })) {
    const target = join(to, path);
    await mkdir(dirname(target), { recursive: true });
    if ((await lstat(join(from, path))).isSymbolicLink()) await symlink(await readlink(join(from, path)), target);
    else {
      await cloneFile(join(from, path), target);
      await utimes(target, before, before);
    }
  }
}

/** Each file below a folder, and what it is: its content and mode, or where it links to. */
async function digestFiles(folder: string): Promise<readonly (readonly [path: string, digest: string])[]> {
  const paths = (await listFiles(folder)).toSorted();
  return Promise.all(paths.map(async (path) => [path, await digestOf(join(folder, path))] as const));
}

async function digestOf(path: string): Promise<string> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return sha256(`link ${await readlink(path)}`);
  return sha256(`${(found.mode & 0o777).toString(8)} ${await sha256File(path)}`);
}

/** Files that only the making of packages uses, that are of no use later, or that differ each time. */
const unused = /^debian\/|(^|\/)(autom4te\.cache\/|config\.log$)/;

async function readGenerated(src: string, inputs: ReadonlyMap<string, string>, job: string): Promise<readonly GeneratedFile[]> {
  const all = (await listFiles(src)).filter((path) => !unused.test(path)).toSorted();
  const made: GeneratedFile[] = [];
  for (const path of all) {
    const file = join(src, path);
    const was = inputs.get(`${job}/src/${path}`);
    if (was !== undefined && was === (await digestOf(file))) continue;
    const found = await lstat(file);
    if (found.isSymbolicLink()) made.push({ path, link: await readlink(file) });
    else made.push({ path, mode: found.mode & 0o777, content: await readBytes(file, "a source file") });
  }
  for (const entry of await readdir(src, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(src.length + 1);
    if (entry.isDirectory() && !unused.test(`${path}/`)) made.push({ path, folder: true });
  }
  return made;
}

/**
 * Writes generated files, with the paths of this run instead of those of the stage. All have the same
 * time, which is now: make finds each of them up to date.
 */
async function place({ from, files }: Generated, src: string, run: string): Promise<void> {
  const now = new Date();
  for (const file of files) {
    const target = join(src, file.path);
    if ("folder" in file) await mkdir(target, { recursive: true });
    else if ("link" in file) {
      if (!(await exists(target))) await symlink(file.link, target);
    } else {
      const text = file.content.toString("latin1");
      await writeTemporary(target, Buffer.from(text.replaceAll(from, run), "latin1"));
      await chmod(target, file.mode);
      await utimes(target, now, now);
    }
  }
}
