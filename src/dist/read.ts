import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { exists, listFiles, sha256File, type OnBytes } from "../sys/files.ts";
import { runTask } from "../sys/run-task.ts";
import { sayBytes, sumOfSizes } from "../sys/say-bytes.ts";
import type { Task } from "../sys/task.ts";
import { listOf } from "../list.ts";
import { readManifest, type Artifact, type Manifest } from "./manifest.ts";
import { besides } from "./ours.ts";

/** A folder of artifacts whose files are checked. */
export interface Dist {
  readonly folder: string;
  /** What messages call the folder: a bundle is unpacked somewhere else. */
  readonly shown: string;
  readonly manifest: Manifest;
}

/**
 * Finds the folders of artifacts at a path: the path itself, or folders in it (as in `dist`).
 * Throws "usage" when there are none. Messages call the path `shown`.
 */
export async function findDists(path: string, shown = path): Promise<readonly string[]> {
  if (await exists(join(path, "artifacts.json"))) return [path];
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    throw new BuildError("usage", `${shown} is not a readable folder.`, { cause, hint: "kovn-build build" });
  });
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map((entry) => entry.name);
  const found: string[] = [];
  for (const name of names.toSorted()) if (await exists(join(path, name, "artifacts.json"))) found.push(join(path, name));
  if (found.length > 0) return found;
  throw new BuildError("usage", `${shown} has no artifacts: neither it nor a folder in it has an artifacts.json.`, {
    hint: "kovn-build build",
  });
}

/**
 * Reads a folder of artifacts and checks every byte of it: each file that `artifacts.json` names
 * has the size and digest given there, and there are no others. Throws "usage" for a file that it
 * does not name, "digest" for one that is missing or different.
 */
export async function readDist(folder: string, host: Host, shown = folder): Promise<Dist> {
  const dist = await readManifestOf(folder, shown);
  await runTask(host, `check the files in ${shown}`, async ({ task }) => checkFiles(dist, task));
  return dist;
}

/** Reads the `artifacts.json` of a folder; the files that it names are not looked at. */
export async function readManifestOf(folder: string, shown = folder): Promise<Dist> {
  return { folder, shown, manifest: await readManifest(join(folder, "artifacts.json"), join(shown, "artifacts.json")) };
}

async function checkFiles(dist: Dist, task: Task): Promise<void> {
  const unnamed = await findUnnamed(dist);
  if (unnamed.length > 0)
    throw new BuildError("usage", `${dist.shown}: artifacts.json does not name ${listOf(unnamed)}.`, {
      hint: "remove these files, or build again",
    });
  const problems = await findChanged(dist, dist.manifest.artifacts, task);
  if (problems.length > 0) throw new BuildError("digest", listOf(problems, "\n"), { hint: "kovn-build build" });
}

/** The files of a folder that its `artifacts.json` does not name. */
export async function findUnnamed({ folder, manifest }: Dist): Promise<readonly string[]> {
  const named = new Set([...besides, ...manifest.artifacts.map((artifact) => artifact.file)]);
  return (await listFiles(folder)).filter((file) => !named.has(file));
}

/** What is wrong with these files, a sentence each: missing, or not of the size and digest that `artifacts.json` says. */
export async function findChanged(
  { folder, shown }: Dist,
  artifacts: readonly Artifact[],
  task: Task,
): Promise<readonly string[]> {
  const problems: string[] = [];
  const onBytes = sayBytes(task, sumOfSizes(artifacts));
  for (const artifact of artifacts)
    problems.push(...(await problemsOf(join(folder, artifact.file), join(shown, artifact.file), artifact, onBytes)));
  return problems;
}

async function problemsOf(path: string, shown: string, { size, sha256 }: Artifact, onBytes: OnBytes): Promise<string[]> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return [`${shown} is missing.`];
  if (!found.isFile()) return [`${shown} is not a regular file.`];
  if (found.size !== size) return [`${shown} has ${found.size} bytes, artifacts.json says ${size}.`];
  const actual = await sha256File(path, onBytes);
  return actual === sha256 ? [] : [`${shown} has sha256 ${actual}, artifacts.json says ${sha256}.`];
}
