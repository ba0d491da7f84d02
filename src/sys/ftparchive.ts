import { BuildError } from "../errors.ts";
import { exec, type ExecOptions, type Host } from "./exec.ts";
import { runTask } from "./run-task.ts";

export interface ArchiveOptions {
  readonly host: Host;
  /** The repository's folder. Paths in the indices are relative to it. */
  readonly cwd: string;
}

/**
 * Only the digest that `by-hash` uses: apt requests an index by the strongest digest that `Release`
 * names.
 */
const digests = ["--no-md5", "--no-sha1", "--sha256", "--no-sha512"];

/**
 * The text of a `Packages` file for all packages below `path` (apt-ftparchive(1)). Throws "build"
 * with the program's message.
 */
export async function packagesIndex(path: string, options: ArchiveOptions): Promise<string> {
  return run("index the packages", "apt-ftparchive", [...digests, "packages", path], options);
}

/**
 * The text of a `Release` file with these fields, for the suite in `path`. Throws "build" with the
 * program's message.
 */
export async function releaseIndex(
  path: string,
  fields: Readonly<Record<string, string>>,
  options: ArchiveOptions,
): Promise<string> {
  const given = Object.entries(fields).flatMap(([name, value]) => ["-o", `APT::FTPArchive::Release::${name}=${value}`]);
  return run("write Release", "apt-ftparchive", [...digests, ...given, "release", path], options);
}

/** Compresses a file with xz(1) into `FILE.xz`, always to the same bytes. Throws "build". */
export async function compressXz(file: string, options: ArchiveOptions): Promise<void> {
  await run("compress Packages", "xz", ["--keep", "--threads=1", "-6", file], options);
}

/** Throws "machine" when a program that makes indices is not installed. */
export async function assertTools(options: Pick<ArchiveOptions, "host">): Promise<void> {
  for (const program of ["apt-ftparchive", "xz"]) await run(`check ${program}`, program, ["--version"], options);
}

async function run(
  title: string,
  program: string,
  args: readonly string[],
  { host, cwd }: Pick<ExecOptions, "host" | "cwd">,
): Promise<string> {
  const env = { LC_ALL: "C", TZ: "UTC" };
  const result = await runTask(host, title, async (below) =>
    exec(program, args, { host: below, env, ...(cwd === undefined ? {} : { cwd }) }),
  ).catch((error: unknown) => {
    if (!(error instanceof BuildError) || error.code !== "machine") throw error;
    throw new BuildError("machine", error.message, { cause: error, hint: "apt-get install apt-utils xz-utils" });
  });
  if (result.exitCode === 0) return result.stdout;
  throw new BuildError("build", `${program} failed: ${result.stderr.trim() || `exit code ${result.exitCode}`}`);
}
