import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import type { Artifact, Manifest } from "../dist/manifest.ts";
import { findDists, readManifestOf, type Dist } from "../dist/read.ts";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { exists, isFile } from "../sys/files.ts";
import { runTask } from "../sys/run-task.ts";
import { withTempDir } from "../sys/with-temp-dir.ts";
import { findPrograms, type Program } from "./program.ts";
import { unpackAll, type Unpacked } from "./unpack.ts";

/** A folder of artifacts, or one file of it. */
export interface Input {
  readonly folder: string;
  readonly shown: string;
  /** The file, relative to the folder; undefined for all of them. */
  readonly file: string | undefined;
}

/** What is verified: the files of one build, unpacked, and what they should be. */
export interface Subject extends Dist {
  readonly manifest: Manifest;
  /** The folder or file that was asked for. */
  readonly title: string;
  /** The file, relative to the folder; undefined for all of them. */
  readonly file: string | undefined;
  /** The artifacts that were asked for, and those with their debug information. */
  readonly artifacts: readonly Artifact[];
  readonly archives: readonly Unpacked[];
  /** The folder that they are unpacked below. */
  readonly work: string;
  /** The programs and libraries in the archives. */
  readonly programs: readonly Program[];
  /** What could not be read, a sentence each. */
  readonly broken: readonly string[];
}

/** Finds the folders of artifacts at a path, or the folder that a file belongs to. */
export async function findInputs(path: string): Promise<readonly Input[]> {
  if (!(await isFile(path))) return (await findDists(path)).map((folder) => ({ folder, shown: folder, file: undefined }));
  // Debug information is a folder below.
  for (const folder of [dirname(path), dirname(dirname(path))])
    if (await exists(join(folder, "artifacts.json"))) return [{ folder, shown: path, file: relative(folder, path) }];
  throw new BuildError("usage", `${path} has no artifacts.json beside it, which says what the file should be.`, {
    hint: "kovn-build verify dist/linux, or name a file of the folder that `build` made",
  });
}

/** Reads and unpacks what is verified, and calls `use` with it. The unpacked files are removed then. */
export async function withSubject<T>(input: Input, host: Host, use: (subject: Subject) => Promise<T>): Promise<T> {
  const { folder, shown, file } = input;
  const dist = await readManifestOf(folder);
  const all = dist.manifest.artifacts;
  const artifacts = file === undefined ? all : all.filter((one) => one.file === file || isDebug(one));
  if (file !== undefined && !artifacts.some((one) => one.file === file))
    throw new BuildError("usage", `${shown} is not a file of this build: artifacts.json beside it does not name it.`, {
      hint: "kovn-build verify with the file's own folder, or build again",
    });
  return withTempDir(join(tmpdir(), "kovn-verify-"), async (work) => {
    const { archives, debug, broken } = await runTask(host, `unpack ${shown}`, async (below) =>
      unpackAll({ ...dist, artifacts }, isDebug, work, below),
    );
    const found = await runTask(host, `find the programs in ${shown}`, async (below) => findPrograms(archives, debug, below));
    return use({
      ...dist,
      title: shown,
      file,
      artifacts,
      archives,
      work,
      programs: found.programs,
      broken: [...broken, ...found.broken],
    });
  });
}

/** True for an artifact that has only debug information. */
function isDebug({ file, package: name }: Artifact): boolean {
  return name?.endsWith("-dbgsym") ?? basename(file).endsWith(".debug");
}
