import { stat } from "node:fs/promises";
import { BuildError, withDetails } from "../errors.ts";
import { exec, type ExecOptions, type ExecResult, type Host, MissingProgram } from "./exec.ts";
import { formatSize } from "./size.ts";

export interface DebOptions {
  readonly host: Host;
}

/** The most bytes that a control file has, and seconds to unpack it: a few bytes may become gigabytes. */
const [largestControl, longestUnpacking] = [1e6, 20];

/** A package unpacks to so many bytes at most, and so many times its own size, in so many members. */
const mostUnpacked = 100e6;
const mostRatio = 100;
const mostMembers = 500_000;

/**
 * Unpacks a .deb into `dir` (dpkg-deb(1)) without running its scripts. Before it writes anything, it
 * adds up the sizes that the package declares; no more is written. Throws "digest" for a broken
 * package, and for one that unpacks to very much.
 */
export async function unpackPackage(file: string, dir: string, { host }: DebOptions): Promise<void> {
  const size = await measure(file, host);
  const result = await dpkgDeb([`--fsize=${size}`], ["--extract", file, dir], { host });
  if (result.exitCode !== 0) throw notIntact(file, result.stderr.trim());
}

/** The bytes that a .deb unpacks to, as it declares them (tar(1), `--list --verbose`). */
async function measure(file: string, host: Host): Promise<number> {
  const { size: packed } = await stat(file);
  const most = mostUnpacked + mostRatio * packed;
  let [bytes, members] = [0, 0];
  const said: string[] = [];
  const onLines = async (lines: readonly string[]) => {
    for (const line of lines) {
      const [, size] = /^[-a-zA-Z]{10}\S* \S+ +(\d+) \d{4}-/.exec(line) ?? [];
      if (size === undefined && said.length < 5) said.push(line.trim());
      bytes += Number(size ?? 0);
      members++;
      if (bytes > most) throw notIntact(file, `it has ${formatSize(packed)}, and would unpack to more than ${formatSize(most)}`);
      if (members > mostMembers) throw notIntact(file, `it has more than ${mostMembers.toLocaleString("en")} members`);
    }
  };
  const { exitCode } = await dpkgDeb([], ["--contents", file], { host, onLines });
  if (exitCode !== 0) throw notIntact(file, said.join(" "));
  return bytes;
}

function notIntact(file: string, why: string): BuildError {
  return new BuildError(
    "digest",
    `${file} is not an intact Debian package: ${why.replace(/^dpkg-deb: error: /, "").replace(/\.$/, "")}.`,
  );
}

/** Fields of a .deb's control file (dpkg-deb(1)). Throws "build" for any other file. */
export async function packageFields(
  file: string,
  { host }: DebOptions,
): Promise<{ readonly package: string; readonly version: string; readonly architecture: string }> {
  const format = "--showformat=${Package}\\t${Version}\\t${Architecture}";
  const result = await dpkgDeb(controlLimits, ["--show", format, file], { host });
  const [name, version, architecture] = result.stdout.split("\t");
  if (name === undefined || version === undefined || architecture === undefined)
    throw new BuildError("build", `${file} is not a Debian package: ${result.stderr.trim()}`);
  return { package: name, version, architecture };
}

/** The control file of a .deb (dpkg-deb(1)), as it is. Throws "digest" for any other file. */
export async function packageControl(file: string, { host }: DebOptions): Promise<string> {
  const result = await dpkgDeb(controlLimits, ["--field", file], { host });
  if (result.exitCode === 0) return result.stdout;
  throw new BuildError("digest", `${file} is not a Debian package: ${result.stderr.trim() || "its control file is too large"}`);
}

// At the first limit of time a program gets SIGXCPU, at the second it is killed.
const controlLimits = [`--fsize=${largestControl}`, `--cpu=${longestUnpacking}:${2 * longestUnpacking}`];

/** Runs dpkg-deb(1) within limits of prlimit(1). */
async function dpkgDeb(limits: readonly string[], args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const env = { LC_ALL: "C" };
  return exec("prlimit", [...limits, "dpkg-deb", ...args], { ...options, env }).catch((error: unknown) => {
    if (!(error instanceof MissingProgram)) throw error;
    throw withDetails(error, { hint: "apt-get install dpkg util-linux" });
  });
}
