import { access, constants, realpath } from "node:fs/promises";
import { join } from "node:path";
import { coerce, gte } from "semver";
import type { System } from "../config/pipeline.ts";
import { installedPackages } from "../sys/apt.ts";
import { freeSpace } from "../sys/disk.ts";
import { tryExec, type Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { availableMemory } from "../sys/processes.ts";
import { formatSize } from "../sys/size.ts";
import type { MachineCheck } from "./check.ts";
import { checkCrossCompiler } from "./cross-compiler.ts";

/** What a build wants of a machine. */
export interface MachineWants {
  readonly target: string;
  /** The system that the pipeline runs on. */
  readonly system: System;
  /** Debian packages of all jobs. */
  readonly packages: readonly string[];
  /** Debian packages without which nothing but `patches prove` fails. */
  readonly provers: readonly string[];
  /** Whether a job cross-compiles for Windows. */
  readonly crossCompiles: boolean;
  /** How many jobs there are. */
  readonly jobs: number;
  /** Processes at once. */
  readonly parallel: number;
  /** The `.kovn` folder, which need not exist. */
  readonly work: string;
  readonly host: Host;
}

/** Bytes on disk and in memory, measured with Open vSwitch and OVN (docs/performance.md) and rounded up. */
const diskOfJob = 1.5e9;
const diskOfMirrors = 0.5e9;
const memoryOfBuild = 0.3e9;
const memoryOfProcess = 0.4e9;

interface Program {
  readonly name: string;
  /** The Debian package that has it. */
  readonly package: string;
  readonly atLeast: string;
  readonly why: string;
}

const git: Program = { name: "git", package: "git", atLeast: "2.32", why: "fetches and patches sources" };

const programs: readonly Program[] = [
  git,
  { name: "apt-get", package: "apt", atLeast: "2.0", why: "gets packages" },
  { name: "dpkg-query", package: "dpkg", atLeast: "1.20", why: "knows what is installed" },
  { name: "dpkg-deb", package: "dpkg", atLeast: "1.20", why: "reads packages" },
];

/** Looks at everything that a build wants of the machine; reaches no network and changes nothing. */
export async function checkMachine(wants: MachineWants): Promise<readonly MachineCheck[]> {
  // What Windows lacks, its own steps say.
  if (wants.system === "windows") return [await checkProgram(git, wants.host), await checkDisk(wants), checkMemory(wants)];
  const checked = await Promise.all(programs.map((program) => checkProgram(program, wants.host)));
  const canAsk = checked.every(({ name, status }) => name !== "dpkg-query" || status === "ok");
  return [
    ...checked,
    ...(canAsk ? [await checkPackages(wants), ...(await checkProvers(wants))] : []),
    ...(await checkCompilers(wants)),
    await checkDisk(wants),
    checkMemory(wants),
    ...(await checkPython(wants.host)),
    await checkCcache(),
  ];
}

async function checkProgram(program: Program, host: Host): Promise<MachineCheck> {
  const { name, atLeast, why } = program;
  const wanted = `${atLeast} or newer: ${why}`;
  const mend = installing([program.package]);
  const said = await tryExec(name, ["--version"], { host });
  const version = /\d+(\.\d+)+/.exec(said?.stdout ?? "")?.[0];
  if (version === undefined) return { name, status: "missing", found: "not there", wanted, ...mend };
  if (!gte(coerce(version) ?? "0.0.0", coerce(atLeast) ?? "0.0.0"))
    return { name, status: "missing", found: version, wanted, ...mend };
  return { name, status: "ok", found: version, wanted };
}

function installing(packages: readonly string[]): { readonly fix: string; readonly packages: readonly string[] } {
  return { packages, fix: `apt-get install --no-install-recommends ${packages.join(" ")}` };
}

async function checkPackages({ packages, host }: MachineWants): Promise<MachineCheck> {
  const name = "Debian packages";
  const installed = await installedPackages(packages, { host });
  const missing = packages.filter((wanted) => installed[wanted] === undefined);
  const wanted = "all that the jobs name";
  if (missing.length === 0) return { name, status: "ok", found: `${packages.length} installed`, wanted };
  return { name, status: "missing", found: `not installed: ${missing.join(" ")}`, wanted, ...installing(missing) };
}

async function checkProvers({ provers, host }: MachineWants): Promise<readonly MachineCheck[]> {
  const installed = await installedPackages(provers, { host });
  return provers.map((name): MachineCheck => {
    const wanted = "installed, for `kovn-build patches prove`";
    const found = installed[name];
    return found === undefined
      ? { name, status: "warning", found: "not installed", wanted, ...installing([name]) }
      : { name, status: "ok", found, wanted };
  });
}

async function checkCompilers({ crossCompiles, host }: MachineWants): Promise<readonly MachineCheck[]> {
  const check = crossCompiles ? await checkCrossCompiler(host) : undefined;
  return check === undefined ? [] : [check];
}

async function checkDisk({ work, jobs }: MachineWants): Promise<MachineCheck> {
  const name = "disk space";
  const { dir, bytes } = await freeSpace(work);
  const need = diskOfMirrors + jobs * diskOfJob;
  const found = `${formatSize(bytes)} free in ${dir}`;
  const wanted = `${formatSize(need)}: ${jobs} jobs of ${formatSize(diskOfJob)}, and the mirrors`;
  if (bytes >= need) return { name, status: "ok", found, wanted };
  const runs = join(work, "runs");
  return { name, status: "missing", found, wanted, fix: (await exists(runs)) ? `rm -rf ${runs}` : `df -h ${dir}` };
}

function checkMemory({ parallel, target }: MachineWants): MachineCheck {
  const name = "memory";
  const available = availableMemory();
  const need = memoryOfBuild + parallel * memoryOfProcess;
  const found = `${formatSize(available)} available`;
  const wanted = `${formatSize(need)}: ${parallel} processes at once of ${formatSize(memoryOfProcess)}`;
  if (available >= need) return { name, status: "ok", found, wanted };
  const fewer = Math.max(1, Math.floor((available - memoryOfBuild) / memoryOfProcess));
  return { name, status: "missing", found, wanted, fix: `kovn-build --target ${target} --jobs ${fewer}` };
}

/** A python3 that is found before Debian's makes `configure` and Debian's helpers fail when it is used; our builds do not use it. */
async function checkPython({ env }: Host): Promise<readonly MachineCheck[]> {
  for (const dir of (env["PATH"] ?? "").split(":")) {
    const path = join(dir, "python3");
    const found = await access(path, constants.X_OK).then(
      () => path,
      () => undefined,
    );
    if (found === undefined || dir === "") continue;
    const wanted = "/usr/bin/python3 before others on PATH, for builds by hand; ours have a PATH of their own";
    if ((await realpath(dir)) === "/usr/bin") return [{ name: "python3", status: "ok", found, wanted }];
    return [{ name: "python3", status: "warning", found, wanted, fix: 'export PATH="/usr/bin:$PATH"' }];
  }
  return [];
}

/** A build without it compiles everything anew whenever a job is built again. */
async function checkCcache(): Promise<MachineCheck> {
  const wanted = "ccache, so that what was compiled once is not compiled again";
  if (await exists("/usr/lib/ccache/gcc")) return { name: "ccache", status: "ok", found: "installed", wanted };
  return { name: "ccache", status: "warning", found: "not there", wanted, ...installing(["ccache"]) };
}
