import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { addLine } from "../../config/edit-lines.ts";
import { linesFile } from "../../config/lines.ts";
import { lockName, readLock, type LockedSource } from "../../config/lock.ts";
import { listSources, readSource, type Source } from "../../config/source.ts";
import { readYaml } from "../../config/yaml.ts";
import { BuildError, withDetails } from "../../errors.ts";
import { baseId, declaredBases } from "../../plan/base.ts";
import { makeRecord } from "../../record.ts";
import { exists } from "../../sys/files.ts";
import { readText } from "../../sys/read-file.ts";
import { replaceFolder } from "../../sys/replace-folder.ts";
import { removeStale, stagingOf } from "../../sys/staging.ts";
import { lockBeside, withLock } from "../../sys/with-lock.ts";
import { writeTemporary, writeWhole } from "../../sys/write-whole.ts";
import { lockBases, withLineLock } from "../lock-bases.ts";
import { lockDifferences, writeLock } from "../lock.ts";
import { listsOf } from "../lists.ts";
import { makeFolder, putFolder } from "../new-folder.ts";
import type { ImportContext } from "./context.ts";
import type { Stacked } from "./stack.ts";
import type { Target } from "./target.ts";

/**
 * Where a source is: its folder in the project, and the root of the scratch project that it is made
 * in.
 */
export interface Places {
  readonly dir: string;
  readonly root: string;
}

/** Makes the folder that a source becomes in the scratch project, and reads it. */
export async function makeSource(
  { source, isNew }: Target,
  { mails }: Stacked,
  { dir, root }: Places,
  { project, line, name, host }: ImportContext,
): Promise<Source> {
  const next = join(root, "patches", line, name);
  const names = [...mails.keys()];
  if (isNew) {
    for (const [file, mail] of mails) await writeTemporary(join(next, file), mail);
    await writeTemporary(join(next, "series"), names.map((file) => `${file}\n`).join(""));
  } else {
    if (mails.size === 0) return source;
    const changes = { values: { revision: source.revision + 1 }, drop: { picks: [], alternates: [] }, merged: [] };
    const lists = listsOf(source);
    const longer = makeRecord([...Object.entries(lists), ["series", [...(lists["series"] ?? []), ...names]]]);
    await makeFolder(source, { lists: longer, mails, changes }, dir, next);
  }
  return readSource({ ...project, root }, line, name, host);
}

/**
 * Applies the series of a source to its bases, strictly, and makes its lock; undefined if it is
 * locked as it is. Throws "patch" when it does not make `tree` of the pin, or does not apply to an
 * alternate.
 */
export async function lockMade(
  made: Source,
  tree: string,
  { project, line, name, from, host }: ImportContext,
): Promise<{ readonly locked: LockedSource; readonly isChanged: boolean }> {
  const old = (await readLock(project, line))?.sources[name];
  const bases = declaredBases(made, from);
  const locked = await lockBases(made, bases, old, { work: project.work, host }).catch((error: unknown) => {
    if (!(error instanceof BuildError) || error.code !== "patch") throw error;
    throw withDetails(error, { hint: "a series must apply to each alternate of source.yaml: remove those that it is not for" });
  });
  const [pin] = bases;
  if (pin === undefined || locked.bases[baseId(pin)]?.tree !== tree)
    throw new BuildError("patch", `The series of \`${name}\` makes another tree than the patches did, so it is not written.`);
  return { locked, isChanged: lockDifferences(made, old).length > 0 };
}

/**
 * Puts a source that was made in the scratch project into the project, and its lock into that of
 * its line. A new line appears at once with both. Returns false for a line without a lock of its
 * other sources, which stays without.
 */
export async function putSource(
  { isNew }: Target,
  locked: LockedSource,
  { dir, root }: Places,
  context: ImportContext,
): Promise<boolean> {
  const { line, name } = context;
  const next = join(root, "patches", line, name);
  if (isNew && (await putLine(next, locked, context))) {
    await listLine(context);
    return true;
  }
  if (await exists(next)) await putFolder(next, dir);
  await listLine(context);
  return putLock(locked, context);
}

/** Lists the line in `patches/lines.yaml`, if the project has that file. */
async function listLine({ project, line, host }: ImportContext): Promise<void> {
  const path = join(project.root, "patches/lines.yaml");
  if (!(await exists(path))) return;
  const other = "is writing patches/lines.yaml";
  await withLock(lockBeside(join(project.work, "lines")), { host, other }, async () => {
    const { lines } = await readYaml(path, linesFile, "patches/lines.yaml");
    if (lines.some((one) => one.line === line)) return;
    await writeWhole(path, addLine(await readText(path, "a project file"), line));
  });
}

/** Puts a line with one source into the project; false if the line exists. */
async function putLine(next: string, locked: LockedSource, { project, line, name, host }: ImportContext): Promise<boolean> {
  const folder = join(project.root, "patches", line);
  return withLineLock(line, project, host, async () => {
    await removeStale(folder);
    if (await exists(folder)) return false;
    const staged = stagingOf(folder);
    try {
      await mkdir(staged);
      await cp(next, join(staged, name), { recursive: true });
      await writeLock(join(staged, "lock.json"), { schema: 1, sources: makeRecord([[name, locked]]) });
      await replaceFolder(staged, folder);
    } finally {
      await rm(staged, { recursive: true, force: true });
    }
    return true;
  });
}

async function putLock(locked: LockedSource, { project, line, name, host }: ImportContext): Promise<boolean> {
  return withLineLock(line, project, host, async () => {
    const old = await readLock(project, line);
    if (old === undefined && (await listSources(project, line)).length > 1) return false;
    const sources = makeRecord([...Object.entries(old?.sources ?? {}), [name, locked]]);
    await writeLock(join(project.root, lockName(line)), { schema: 1, sources });
    return true;
  });
}
