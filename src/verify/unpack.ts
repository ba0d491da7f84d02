import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Artifact, BuiltJob } from "../dist/manifest.ts";
import type { Dist } from "../dist/read.ts";
import { BuildError, explainRefusal } from "../errors.ts";
import { unpackPackage } from "../sys/deb.ts";
import { exec, type Host } from "../sys/exec.ts";
import { isFile, listFiles } from "../sys/files.ts";
import { unpackZip } from "../sys/zip.ts";

/** An archive that is unpacked: a package, a zip or an installer. */
export interface Unpacked {
  readonly artifact: Artifact;
  readonly path: string;
  /** The source that it was built from. */
  readonly source: string;
  /** The folder it is unpacked into, and the paths of its files below that. */
  readonly dir: string;
  readonly files: readonly string[];
}

/** Debug information. */
export interface DebugFiles {
  /** The folder that dbgsym packages are unpacked into. */
  readonly dir: string;
  /** Files with debug information of Windows programs, by their names. */
  readonly files: ReadonlyMap<string, string>;
}

type Unpack = (file: string, dir: string, host: Host) => Promise<void>;

const kinds: readonly (readonly [RegExp, Unpack])[] = [
  [/\.d?deb$/, async (file, dir, host) => unpackPackage(file, dir, { host })],
  [/\.zip$/, unpackZip],
  [/\.msi$/, unpackMsi],
];

/** Unpacks one archive into a folder. Throws "digest" or "usage" for one that is broken. */
export async function unpackArchive(kind: "deb" | "zip" | "msi", file: string, dir: string, host: Host): Promise<void> {
  await kinds.find(([pattern]) => pattern.test(`.${kind}`))?.[1](file, dir, host);
}

/** Unpacks the archives of a build below `work`. One that is broken is reported, and the others go on. */
export async function unpackAll(
  { folder, manifest, artifacts }: Pick<Dist, "folder" | "manifest"> & { readonly artifacts: readonly Artifact[] },
  isDebug: (artifact: Artifact) => boolean,
  work: string,
  host: Host,
): Promise<{ readonly archives: readonly Unpacked[]; readonly debug: DebugFiles; readonly broken: readonly string[] }> {
  const archives: Unpacked[] = [];
  const broken: string[] = [];
  const debug = { dir: join(work, "debug"), files: new Map<string, string>() };
  await mkdir(debug.dir, { recursive: true });
  for (const [index, artifact] of artifacts.entries()) {
    const path = join(folder, artifact.file);
    host.task.say(`${basename(path)}, ${index + 1} of ${artifacts.length}`);
    const unpack = kinds.find(([pattern]) => pattern.test(artifact.file))?.[1];
    if (unpack === undefined) {
      if (isDebug(artifact)) debug.files.set(basename(path), path);
      continue;
    }
    // `integrity` says that it is missing.
    if (!(await isFile(path))) continue;
    const dir = isDebug(artifact) ? debug.dir : join(work, String(index));
    try {
      await mkdir(dir, { recursive: true });
      await unpack(path, dir, host);
    } catch (error) {
      host.signal.throwIfAborted();
      broken.push(`${basename(path)} cannot be unpacked: ${reasonOf(error)}`);
      continue;
    }
    if (!isDebug(artifact))
      archives.push({ artifact, path, source: sourceOf(artifact, manifest.jobs), dir, files: await listFiles(dir) });
  }
  return { archives, debug, broken };
}

function reasonOf(error: unknown): string {
  const explained = explainRefusal(error);
  if (!(explained instanceof BuildError)) throw error;
  return `${explained.message}${explained.hint === undefined ? "" : ` (${explained.hint})`}`;
}

function sourceOf({ job }: Artifact, jobs: readonly BuiltJob[]): string {
  return jobs.find(({ id }) => id === job)?.source ?? job;
}

/** Unpacks an installer for Windows (msiextract(1)). */
async function unpackMsi(file: string, dir: string, host: Host): Promise<void> {
  const { exitCode, stderr } = await exec("msiextract", ["--directory", dir, file], { host, env: { LC_ALL: "C.UTF-8" } }).catch(
    (cause: unknown) => {
      throw cause instanceof BuildError && cause.code === "machine"
        ? new BuildError("machine", "Program `msiextract` is not installed.", { hint: "apt-get install msitools", cause })
        : cause;
    },
  );
  if (exitCode !== 0)
    throw new BuildError("digest", `It is not an intact installer: ${stderr.trim() || `exit code ${exitCode}`}.`);
}
