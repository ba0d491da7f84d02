import { z } from "zod";
import type { Label } from "../label/label.ts";
import { cleanEnv } from "./clean-env.ts";
import { underUmask, type Elsewhere } from "./elsewhere.ts";
import type { Enter, Entered } from "../sys/enter.ts";
import { exec, type Host, type OnLines } from "../sys/exec.ts";
import { BuildError } from "../errors.ts";

/** Environment variables that a step gives its programs. */
export const environment = z.record(
  z
    .string()
    .regex(/^[A-Za-z_]\w*$/, "expected the name of an environment variable")
    .describe("variable"),
  z.string(),
);

/** A file or folder that a step generated in `src/`. */
export type GeneratedFile =
  | { readonly path: string; readonly mode: number; readonly content: Buffer }
  | { readonly path: string; readonly link: string }
  | { readonly path: string; readonly folder: true };

/** What a step generated, in a folder whose path may be in the files. */
export interface Generated {
  readonly from: string;
  readonly files: readonly GeneratedFile[];
}

/** Generated files in the cache. */
export interface GeneratedFiles {
  /**
   * Returns what was generated from the same parts before, or makes and stores it. The programs of the
   * job and what it is built in are parts as well. `changes` explains why nothing was there.
   */
  take(
    parts: Readonly<Record<string, string>>,
    make: () => Promise<Generated>,
  ): Promise<Generated & { readonly isCached: boolean; readonly changes: readonly string[] }>;
}

/** Everything that a step may use. */
export interface StepContext {
  /**
   * The job's folder. It has `src/` (the patched source) and `out/` (artifacts); folders of other
   * jobs are beside it.
   */
  readonly dir: string;
  readonly arch: string;
  /** The architecture of the machine, where the step cross-compiles; undefined where it does not. */
  readonly buildArch: string | undefined;
  readonly flags: string;
  /** Number of processes that the step may run at once. */
  readonly parallel: number;
  /**
   * Time of the patched commit in seconds since 1970: SOURCE_DATE_EPOCH
   * (https://reproducible-builds.org/specs/source-date-epoch/).
   */
  readonly epoch: number;
  /** Version of the source, such as `3.1.8`, or of the Debian package if that is the base. */
  readonly version: string;
  /** Number of the series' revision; each change of the series raises it. */
  readonly revision: number;
  /** Suffix of the version. With it, two different builds never have the same version. */
  readonly versionSuffix: string;
  /** What the files that the step makes say about how they were built. */
  readonly label: Label;
  /** Folder and environment of cached compilers; undefined when there is no compiler cache. */
  readonly compilerCache: { readonly path: string; readonly env: Readonly<Record<string, string>> } | undefined;
  /** Files that steps generated before; undefined in a build without a cache. */
  readonly generated?: GeneratedFiles | undefined;
  /** Lets jobs that need this one start before it ends: the files that they use are complete. */
  readonly onReady: () => void;
  /** Runs a program in the job's root; undefined on the machine itself. */
  readonly enter?: Enter | undefined;
  /** What programs find otherwise; undefined for a usual build. */
  readonly elsewhere?: Elsewhere | undefined;
  readonly host: Host;
  readonly onLines: OnLines;
  /** Called with each program of the build before it starts. */
  readonly onProgram?: (program: StepProgram) => void;
}

/** A program of a step, with its whole environment. */
export interface StepProgram {
  /** Where it runs: `src/` of the job, or of a folder that is like the job's. */
  readonly cwd: string;
  readonly command: readonly string[];
  /** Runs it in the job's root; undefined on the machine itself. */
  readonly enter?: StepContext["enter"];
  readonly env: Readonly<Record<string, string>>;
}

/** A step kind. */
export interface StepKind<Name extends string, Input> {
  /** The word after `uses:`. */
  readonly name: Name;
  /**
   * The schema of `with:`. Its `describe` text and those of its fields are the kind's
   * documentation.
   */
  readonly schema: z.ZodType<Input>;
  /** Does the work. Throws `BuildError` ("build") when it fails. */
  run(input: Input, context: StepContext): Promise<void>;
  /**
   * Does ahead what needs no other job and no earlier step, in the patched source. It only fills the
   * cache: `run` does the same where it finds nothing there.
   */
  begin?(input: Input, context: StepContext): Promise<void>;
  /** What a step makes, as far as its input names it; the graph of a plan shows it. */
  makes(input: Input): readonly string[];
  /** Debian packages that every step of this kind needs. */
  readonly packages?: readonly string[];
  /** True for a kind whose packages are for the distribution of the machine that builds them. */
  readonly isForDistribution?: boolean;
  /** True for a kind that compiles for another system than the one it runs on. */
  readonly crossCompiles?: boolean;
}

/**
 * Makes the whole environment of a step's programs. Nothing outside the plan can change the result.
 */
function buildEnv(context: StepContext): Record<string, string> {
  return {
    ...cleanEnv(context.dir, context.compilerCache?.path),
    ...context.elsewhere?.env,
    SOURCE_DATE_EPOCH: String(context.epoch),
    KOVN_ARCH: context.arch,
    KOVN_FLAGS: context.flags,
    KOVN_PARALLEL: String(context.parallel),
    KOVN_VERSION: `${context.version}${context.versionSuffix}`,
    KOVN_REVISION: String(context.revision),
    ...context.compilerCache?.env,
  };
}

/** Runs a program in the job's `src/`; its output goes to the log. Throws "build" when it fails. */
export async function runProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  context: StepContext,
): Promise<void> {
  const wholeEnv = { ...buildEnv(context), ...env };
  const { enter, elsewhere } = context;
  const started = { command: underUmask([program, ...args], elsewhere?.umask), cwd: `${context.dir}/src`, env: wholeEnv };
  context.onProgram?.({ command: started.command, cwd: started.cwd, enter, env: wholeEnv });
  const { command, ...rest }: Entered = enter?.(started) ?? started;
  const [first = program, ...others] = command;
  const result = await exec(first, others, {
    cwd: started.cwd,
    ...rest,
    host: { ...context.host, env: {} },
    onLines: context.onLines,
  });
  if (result.exitCode !== 0) throw new BuildError("build", `\`${program}\` failed with exit code ${result.exitCode}.`);
}
