import { tmpdir } from "node:os";
import { join } from "node:path";
import { pickLine } from "../config/lines.ts";
import type { Project } from "../config/project.ts";
import type { Host } from "../sys/exec.ts";
import { parseMirrors } from "../root/mirrors.ts";
import { runTask } from "../sys/run-task.ts";
import { withTempDir } from "../sys/with-temp-dir.ts";
import { nameOf } from "./check.ts";
import { readClaims, type ClaimOptions, type TitledClaim } from "./claims.ts";
import { findPrograms } from "./programs.ts";
import { prove, type Proof } from "./prove.ts";
import { checksFor } from "./registry.ts";
import { startQemu } from "./qemu.ts";
import { native, startWine, type Runner } from "./runner.ts";

/** Which programs to run, and which checks to run. */
export interface ProveOptions extends ClaimOptions {
  /**
   * Built programs, anywhere below: a build tree, unpacked packages, a folder of debs or zips, a
   * zip.
   */
  readonly programs: string;
  /** Unpatched programs to compare with. */
  readonly before?: string;
  /**
   * `wine` runs Windows programs, in a Wine of their own. `qemu` installs packages of another
   * architecture in a root of their distribution, and runs the programs there.
   */
  readonly runner: "native" | "wine" | "qemu";
  /** Archives for the root instead of the distribution's own: URL or `security=URL`. */
  readonly mirror: readonly string[];
}

export interface ProveContext {
  readonly project: Project;
  /** This machine, with Debian's name of its architecture. */
  readonly machine: { readonly arch: string };
  readonly host: Host;
  /** How to run the programs; default: as the options say. */
  readonly runner?: Runner;
}

/**
 * Runs built programs and checks their behaviour: one check for each entry of the seed, then one
 * for each patch that belongs to none, and for picks. A failing program is a result; throws "usage" for wrong
 * options. A check for what the line does not carry is skipped.
 */
export async function runChecks(options: ProveOptions, context: ProveContext): Promise<readonly Proof[]> {
  const { project, host } = context;
  const isWine = options.runner === "wine";
  const line = await pickLine(project, options.line);
  const checks = checksFor(isWine ? "windows" : "linux", line);
  const claims = await readClaims({ ...options, line }, checks, project, host);
  const names = { programs: checks.flatMap((check) => check.programs), files: checks.flatMap((check) => check.files) };
  return withTempDir(join(tmpdir(), "kovn-programs-"), async (work) => {
    const find = async (dir: string, name: string) => findPrograms(dir, names, join(work, name), host, isWine ? ".exe" : "");
    const emulated = options.runner === "qemu" ? await install(options, context) : undefined;
    const after = await find(emulated?.tree ?? options.programs, "after");
    const before = options.before === undefined ? undefined : await find(options.before, "before");
    const start = async (below: Host) => startWine(join(work, "wine"), below);
    const runner = context.runner ?? emulated?.runner ?? (isWine ? await runTask(host, "start Wine", start) : native);
    const proofs: Proof[] = [];
    try {
      for (const [index, claim] of claims.entries()) {
        if (claim.absent !== undefined) {
          proofs.push(skip(claim, claim.absent));
          continue;
        }
        const common = { after, before, requirePrograms: options.only !== undefined, runner };
        const kind = (["entry", "patch", "pick"] as const).find((one) => one in claim.check) ?? "";
        const title = `prove ${kind} ${nameOf(claim.check)} (${index + 1} of ${claims.length}): ${claim.title}`;
        proofs.push(await runTask(host, title, async (below) => prove(claim, { ...common, host: below })));
      }
    } finally {
      await runner.end();
    }
    return proofs;
  });
}

/** Installs the packages in a root, and returns how to run the programs in its folder. */
async function install({ programs, mirror }: ProveOptions, { project, machine, host }: ProveContext) {
  const mirrors = parseMirrors(mirror);
  return runTask(host, "install the packages in a root", async (below) =>
    startQemu(programs, { arch: machine.arch, work: project.work, mirrors, host: below }),
  );
}

/** The result of a check that is not run. */
function skip({ check, seed }: TitledClaim, why: string): Proof {
  return { check: nameOf(check), ...(seed === undefined ? {} : { seed }), absent: true, after: why, verdict: "skipped", why };
}
