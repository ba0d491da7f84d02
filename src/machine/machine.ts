import { access, constants, realpath } from "node:fs/promises";
import { join } from "node:path";
import { coerce, gte } from "semver";
import { installedPackages } from "../sys/apt.ts";
import { freeSpace } from "../sys/disk.ts";
import { tryExec, type Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { availableMemory } from "../sys/processes.ts";
import { formatSize } from "../sys/size.ts";
import { listOf } from "../list.ts";
import { checkBuildPath } from "./build-path.ts";
import type { MachineCheck } from "./check.ts";
import { checkTemporary, checkWork } from "./folders.ts";
import { readLimits } from "./cgroup.ts";
import { checkCrossCompiler } from "./cross-compiler.ts";
import type { MachineNeeds } from "./needs.ts";
import { checkContainers } from "./containers.ts";
import type { KnownRoot } from "../root/known.ts";
import { checkRoots } from "./roots.ts";
import { count } from "../sys/text.ts";

/**
 * Bytes on disk and in memory, measured with Open vSwitch and OVN (docs/performance.md) and rounded
 * up.
 */
const diskOfJob = 1.5e9;
const diskOfMirrors = 0.5e9;
const diskOfRoot = 1e9;
const memoryOfBuild = 0.3e9;
const memoryOfProcess = 0.4e9;

interface Program {
  readonly name: string;
  /** The Debian package that has it. */
  readonly package: string;
  readonly atLeast: string;
  readonly why: string;
}

const git: Program = { name: "git", package: "git", atLeast: "2.38", why: "to fetch and patch sources, and to export patches" };

const programs: readonly Program[] = [
  git,
  { name: "flock", package: "util-linux", atLeast: "2.20", why: "to lock folders" },
  { name: "apt-get", package: "apt", atLeast: "2.0", why: "to get packages" },
  { name: "dpkg-query", package: "dpkg", atLeast: "1.20", why: "to list installed packages" },
  { name: "dpkg-deb", package: "dpkg", atLeast: "1.20", why: "to read packages" },
];

/** What only `publish` needs. */
const publishers: readonly Program[] = [
  { name: "apt-ftparchive", package: "apt-utils", atLeast: "2.0", why: "for `publish --to apt`" },
  { name: "gpg", package: "gpg", atLeast: "2.2", why: "for `publish --sign`" },
];

/** A build needs none of them, so they are warnings. */
async function checkPublishers(host: Host): Promise<readonly MachineCheck[]> {
  const checks = await Promise.all(publishers.map((program) => checkProgram(program, host)));
  return checks.map((check) => (check.status === "missing" ? { ...check, status: "warning" } : check));
}

/** Checks everything that a build needs of the machine. Uses no network and changes nothing. */
export async function checkMachine(needs: MachineNeeds): Promise<readonly MachineCheck[]> {
  // Steps report what is missing on Windows.
  if (needs.system === "windows") return [await checkProgram(git, needs.host), await checkDisk(needs), checkMemory(needs)];
  const checked = await Promise.all(programs.map((program) => checkProgram(program, needs.host)));
  const hasDpkg = checked.every(({ name, status }) => name !== "dpkg-query" || status === "ok");
  return [
    ...checked,
    ...(hasDpkg && needs.root === undefined ? [await checkPackages(needs)] : []),
    ...(hasDpkg ? await checkProvers(needs) : []),
    ...(await checkCompilers(needs)),
    checkBuildPath(needs),
    await checkWork(needs),
    await checkTemporary(needs.host),
    await checkDisk(needs),
    checkMemory(needs),
    ...(await checkPython(needs.host)),
    ...(needs.root === undefined ? [await checkCcache()] : await checkRoot(needs.root, needs)),
    ...(needs.publishes === true ? await checkPublishers(needs.host) : []),
    ...(needs.publishes === true && needs.root === undefined ? await checkRoots(needs.host) : []),
    ...(needs.publishes === true && needs.root === undefined ? await checkContainers(needs.host) : []),
  ];
}

async function checkRoot(root: KnownRoot, { runner = "bubblewrap", host }: MachineNeeds): Promise<readonly MachineCheck[]> {
  return runner === "bubblewrap" ? checkRoots(host, root) : checkContainers(host, runner);
}

async function checkProgram(program: Program, host: Host): Promise<MachineCheck> {
  const { name, atLeast, why } = program;
  const wanted = `${atLeast} or newer: ${why}`;
  const fix = installing([program.package]);
  const said = await tryExec(name, ["--version"], { host });
  const version = /\d+(\.\d+)+/.exec(said?.stdout ?? "")?.[0];
  if (version === undefined) return { name, status: "missing", found: "not installed", wanted, ...fix };
  if (!gte(coerce(version) ?? "0.0.0", coerce(atLeast) ?? "0.0.0"))
    return { name, status: "missing", found: version, wanted, ...fix };
  return { name, status: "ok", found: version, wanted };
}

function installing(packages: readonly string[]): { readonly fix: string; readonly packages: readonly string[] } {
  return { packages, fix: `apt-get install --no-install-recommends ${packages.join(" ")}` };
}

async function checkPackages({ packages, host }: MachineNeeds): Promise<MachineCheck> {
  const name = "Debian packages";
  const installed = await installedPackages(packages, { host });
  const missing = packages.filter((one) => installed[one] === undefined);
  const wanted = "all packages of the jobs";
  if (missing.length === 0) return { name, status: "ok", found: `${packages.length} installed`, wanted };
  return { name, status: "missing", found: `not installed: ${listOf(missing, " ")}`, wanted, ...installing(missing) };
}

async function checkProvers({ provers, host }: MachineNeeds): Promise<readonly MachineCheck[]> {
  const installed = await installedPackages(provers, { host });
  return provers.map((name): MachineCheck => {
    const wanted = "installed, for `kovn-build patches prove`";
    const found = installed[name];
    return found === undefined
      ? { name, status: "warning", found: "not installed", wanted, ...installing([name]) }
      : { name, status: "ok", found, wanted };
  });
}

async function checkCompilers({ crossCompiles, host }: MachineNeeds): Promise<readonly MachineCheck[]> {
  const check = crossCompiles ? await checkCrossCompiler(host) : undefined;
  return check === undefined ? [] : [check];
}

async function checkDisk({ work, jobs, root }: MachineNeeds): Promise<MachineCheck> {
  const name = "disk space";
  const { dir, bytes } = await freeSpace(work);
  const diskOfAll = diskOfJob + (root === undefined ? 0 : diskOfRoot);
  const need = diskOfMirrors + jobs * diskOfAll;
  const found = `${formatSize(bytes)} free in ${dir}`;
  const wanted = `${formatSize(need)}: ${count(jobs, "job")} of ${formatSize(diskOfAll)}, and mirrors of the sources`;
  if (bytes >= need) return { name, status: "ok", found, wanted };
  const runs = join(work, "runs");
  return {
    name,
    status: "missing",
    found,
    wanted,
    fix: (await exists(runs)) ? "kovn-build cache prune --keep-runs 1" : `df -h ${dir}`,
  };
}

function checkMemory({ parallel, target }: MachineNeeds): MachineCheck {
  const name = "memory";
  const available = Math.min(availableMemory(), readLimits().memory ?? Infinity);
  const need = memoryOfBuild + parallel * memoryOfProcess;
  const found = `${formatSize(available)} available`;
  const wanted = `${formatSize(need)}: ${parallel} processes of ${formatSize(memoryOfProcess)} at once`;
  if (available >= need) return { name, status: "ok", found, wanted };
  const fewer = Math.max(1, Math.floor((available - memoryOfBuild) / memoryOfProcess));
  return { name, status: "missing", found, wanted, fix: `kovn-build --target ${target} --jobs ${fewer}` };
}

/**
 * Another python3 before Debian's on PATH breaks `configure` and Debian's helpers in builds by
 * hand.
 */
async function checkPython({ env }: Host): Promise<readonly MachineCheck[]> {
  for (const dir of (env["PATH"] ?? "").split(":")) {
    const path = join(dir, "python3");
    const found = await access(path, constants.X_OK).then(
      () => path,
      () => undefined,
    );
    if (found === undefined || dir === "") continue;
    const wanted = "/usr/bin/python3 first on PATH, for builds by hand; kovn-build sets its own PATH";
    if ((await realpath(dir)) === "/usr/bin") return [{ name: "python3", status: "ok", found, wanted }];
    return [{ name: "python3", status: "warning", found, wanted, fix: 'export PATH="/usr/bin:$PATH"' }];
  }
  return [];
}

/** Without ccache, a job that is built again compiles everything again. */
async function checkCcache(): Promise<MachineCheck> {
  const wanted = "ccache, which saves compiling the same code again";
  if (await exists("/usr/lib/ccache/gcc")) return { name: "ccache", status: "ok", found: "installed", wanted };
  return { name: "ccache", status: "warning", found: "not installed", wanted, ...installing(["ccache"]) };
}
