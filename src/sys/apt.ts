import { makeRecord } from "../record.ts";
import { BuildError } from "../errors.ts";
import { queryPackages } from "./dpkg-query.ts";
import { lockBeside, withLock } from "./with-lock.ts";
import type { Enter, Entered } from "./enter.ts";
import { exec, tryExec, type ExecResult, type Host } from "./exec.ts";
import { runTask } from "./run-task.ts";
import type { Status } from "./status-lines.ts";
import type { Task } from "./task.ts";
import { count } from "./text.ts";

export interface AptOptions {
  readonly host: Host;
}

/** How packages are installed. */
interface InstallOptions extends AptOptions {
  /** True to run apt and dpkg by sudo. */
  readonly bySudo?: boolean;
}

const quiet = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };

/** Variables that say how the network is reached. */
export const proxies: readonly string[] = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

/**
 * The start of a command that runs as root, with apt's environment (sudo(8)). It never asks for a
 * password.
 */
const sudo: readonly string[] = ["sudo", "--non-interactive", `--preserve-env=${[...Object.keys(quiet), ...proxies].join(",")}`];

/** True if this user may run every program by sudo, without a password. */
export async function canSudo({ host }: AptOptions): Promise<boolean> {
  const [program, ...args] = [...sudo, "true"];
  return (await tryExec(program, args, { host, env: quiet }))?.exitCode === 0;
}

/**
 * The installed version of each package by name; packages that are not installed are left out. Throws as
 * `queryPackages` does.
 */
export async function installedPackages(
  names: readonly string[],
  { host }: AptOptions,
): Promise<Readonly<Record<string, string>>> {
  if (names.length === 0) return {};
  const rows = await queryPackages(["Package", "Version", "db:Status-Status"], { host, names });
  return makeRecord(rows.flatMap(([name = "", version = "", status]) => (status === "installed" ? [[name, version]] : [])));
}

/**
 * The versions of a package in apt's lists, newest first (apt-cache(8), `madison`); none for an unknown
 * package. Throws "machine" where apt cannot read its lists.
 */
export async function offeredVersions(name: string, options: AptOptions): Promise<readonly string[]> {
  const { exitCode, stdout, stderr } = await exec("apt-cache", ["madison", name], { ...options, env: quiet });
  if (exitCode !== 0)
    throw new BuildError("machine", `apt's lists cannot be read: ${reasonsOf(stderr) || `exit code ${exitCode}`}`, {
      hint: "apt-get check",
    });
  const versions = stdout.split("\n").map((row) => row.split("|")[1]?.trim() ?? "");
  return [...new Set(versions.filter((version) => version !== ""))];
}

/** True if apt has lists of what it can download. A fresh container has none until `apt-get update`. */
export async function hasLists(options: AptOptions): Promise<boolean> {
  return (await offeredVersions("dpkg", options)).length > 0;
}

/** Updates apt's lists; needs root or sudo. Throws "network". */
export async function updateLists(options: InstallOptions): Promise<void> {
  await runTask(options.host, "update apt's lists", async (host) => {
    const update = async () => apt(["update"], { ...options, host, timeout: downloadTimeout });
    // Only root can write the lock.
    if (options.bySudo === true) return update();
    // apt waits for the lock of the packages, but not for the lock of the lists. It removes files
    // that it does not know from their folder.
    return withLock(lockBeside("/var/lib/apt/lists"), { host, other: "is updating apt's lists" }, update);
  });
}

/** Installs packages; needs root or sudo. Throws "network" with apt's last lines when it fails. */
export async function installPackages(names: readonly string[], options: InstallOptions): Promise<void> {
  await runTask(options.host, `install ${count(names.length, "Debian package")}`, async (host) => {
    // Completes an installation that was killed half-way; until then apt refuses to do anything.
    const [program, ...args] = [...(options.bySudo === true ? sudo : []), "dpkg", "--configure", "-a"];
    await exec(program, args, { host, env: quiet, startsServices: true });
    await apt(["install", "--yes", "--no-install-recommends", ...names], { ...options, host, startsServices: true });
  });
}

/**
 * Downloads a version of a package into `dir`, without root. apt verifies its chain of signatures.
 * Throws "network".
 */
export async function downloadPackage(name: string, version: string, dir: string, options: AptOptions): Promise<void> {
  // apt's sandbox user cannot write to `dir`, which is the caller's folder.
  await apt(["-o", "APT::Sandbox::User=", "download", `${name}=${version}`], { ...options, cwd: dir, timeout: downloadTimeout });
}

/**
 * Milliseconds for a download. apt gives up when nothing arrives, but not when very little does. It
 * takes no more bytes than the signed lists say.
 */
const downloadTimeout = 10 * 60_000;

/** How long apt waits. */
const settings = ["Acquire::http::Timeout=15", "Acquire::Retries=1", "DPkg::Lock::Timeout=300"];

/**
 * Says a line of apt's progress: `dlstatus:1:45.3:Retrieving file 1 of 3 (2s remaining)`, or
 * `pmstatus:gcc:60.5:Unpacking gcc (amd64)` (README.progress-reporting of apt).
 */
function sayStatus(line: string, { say }: Task): void {
  const [, percent, what] = /^(?:dlstatus|pmstatus):[^:]*(?::[a-z0-9]+)?:(\d+)[.\d]*:(.+)$/.exec(line) ?? [];
  if (what !== undefined) say(`${percent}%, ${what.charAt(0).toLowerCase()}${what.slice(1)}`);
}

/** How apt-get is run. */
interface AptRun extends InstallOptions {
  readonly cwd?: string;
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly startsServices?: boolean;
  /** Runs it elsewhere. */
  readonly enter?: Enter | undefined;
}

/** Runs apt-get, with its progress as that of the task. A non-zero exit code is a result, not an error. */
export async function aptGet(args: readonly string[], { env, bySudo = false, enter, ...options }: AptRun): Promise<ExecResult> {
  // sudo closes the file that apt would report its progress to, and a container does not have it.
  const isApart = bySudo || enter !== undefined;
  const own = isApart ? settings : [...settings, "APT::Status-Fd=3"];
  const command = [...(bySudo ? sudo : []), "apt-get", ...own.flatMap((setting) => ["-o", setting]), ...args];
  const started = { command, cwd: "/", env: { ...quiet, ...env } };
  const { command: words, ...entered }: Entered = enter?.(started) ?? { command, env: started.env };
  const [program = "", ...others] = words;
  const status: Status = { fd: 3, onLine: (line) => sayStatus(line, options.host.task) };
  return exec(program, others, { ...options, ...entered, ...(isApart ? {} : { status }) });
}

async function apt(args: readonly string[], options: AptRun): Promise<void> {
  const result = await aptGet(args, options);
  if (result.exitCode === 0) return;
  throw new BuildError(
    "network",
    `apt-get ${args.find((arg) => /^[a-z]/.test(arg) && !arg.includes("=")) ?? ""} failed: ${reasonsOf(result.stderr) || `exit code ${result.exitCode}`}`,
  );
}

function reasonsOf(stderr: string): string {
  const reasons = stderr.split("\n").filter((line) => line.startsWith("E:"));
  return reasons.join(" ");
}

/** Sorts versions of a package by dpkg(1)'s order, newest first. Throws "build" for what is not a version. */
export async function newestFirst(versions: readonly string[], options: AptOptions): Promise<readonly string[]> {
  const sorted: string[] = [];
  for (const version of versions) {
    let place = 0;
    for (const other of sorted) {
      const words = ["--compare-versions", version, "gt", other];
      const { exitCode, stderr } = await exec("dpkg", words, { ...options, env: quiet });
      // 1: not newer.
      if (exitCode > 1) throw new BuildError("build", `dpkg cannot compare versions ${version} and ${other}: ${stderr.trim()}`);
      if (exitCode === 0) break;
      place++;
    }
    sorted.splice(place, 0, version);
  }
  return sorted;
}
