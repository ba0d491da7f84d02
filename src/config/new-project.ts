import { constants } from "node:fs";
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { listOf } from "../list.ts";
import { exists } from "../sys/files.ts";
import { readText } from "../sys/read-file.ts";
import { removeStale, stagingOf } from "../sys/staging.ts";
import { renameSynced, syncTree } from "../sys/sync.ts";
import { writeTemporary, writeWhole } from "../sys/write-whole.ts";
import { keepLines } from "./edit-lines.ts";
import { listLines } from "./lines.ts";
import { packageRoot } from "./package.ts";

/** What a new project is made of. */
export interface NewProject {
  readonly folder: string;
  /** Its release lines. */
  readonly lines: readonly string[];
  /** What was written, in the project's folder. */
  readonly written: readonly string[];
  /** What was there and stays as it is. */
  readonly kept: readonly string[];
}

/** Files that a new project has, and the package's templates of them. */
const templates = { ".github/workflows/kovn-build.yml": "workflow.yml", "release.yaml": "release.yaml" } as const;

/** Files that a folder may have already, and what a new one has. */
const common: Readonly<Record<string, string>> = {
  ".gitignore": "/.kovn/\n/dist/\n/node_modules/\n",
};

/**
 * Makes a project of a folder: lines and pipelines of this package, a workflow, a `release.yaml`, and a
 * `.gitignore` unless it has one. Throws "usage" if the folder has any of the others; then nothing is
 * written.
 */
export async function makeProject(folder: string, lines: readonly string[]): Promise<NewProject> {
  const wanted = [...Object.keys(templates), "pipelines", "patches"];
  const taken = await pickThere(folder, wanted);
  if (taken.length > 0)
    throw new BuildError("usage", `${folder === "." ? "This folder" : folder} has ${listOf(taken)} already.`, {
      hint: "run it in another folder, or remove what is in the way",
    });
  const kept = await pickThere(folder, Object.keys(common));
  const made = Object.entries(common).filter(([path]) => !kept.includes(path));
  for (const [path, text] of made) await writeWhole(join(folder, path), text);
  for (const [path, template] of Object.entries(templates))
    await writeWhole(join(folder, path), await readText(join(packageRoot, "templates", template), "a project file"));
  await copyWhole("pipelines", folder);
  await copyWhole("patches", folder, async (copy) => keepOnly(lines, copy));
  return { folder, lines, written: [...made.map(([path]) => path), ...wanted], kept };
}

async function pickThere(folder: string, paths: readonly string[]): Promise<readonly string[]> {
  const are = await Promise.all(paths.map(async (path) => exists(join(folder, path))));
  return paths.filter((_, index) => are[index]);
}

/** Copies a folder of the package. It gets its name when it is complete. */
async function copyWhole(name: string, folder: string, change?: (copy: string) => Promise<void>): Promise<void> {
  const to = join(folder, name);
  await removeStale(to);
  const copy = stagingOf(to);
  await cp(join(packageRoot, name), copy, { recursive: true, mode: constants.COPYFILE_FICLONE });
  await change?.(copy);
  await syncTree(copy);
  await renameSynced(copy, to);
}

/** Removes all lines but these from a copy of `patches/`. */
async function keepOnly(lines: readonly string[], copy: string): Promise<void> {
  const all = await listLines({ root: packageRoot, work: "" });
  for (const name of all) if (!lines.includes(name)) await rm(join(copy, name), { recursive: true });
  const list = join(copy, "lines.yaml");
  await writeTemporary(list, keepLines(await readText(list, "a project file"), lines));
}
