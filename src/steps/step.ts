import type { z } from "zod";
import { cleanEnv } from "./clean-env.ts";
import { exec, type Host, type OnLines } from "../sys/exec.ts";
import { BuildError } from "../errors.ts";

/** What a step may use: the folders of its job, the values of the plan, and where its output goes. */
export interface StepContext {
  /** The job's folder; `src/` (patched source) and `out/` (artifacts) lie in it, and the folders of other jobs beside it. */
  readonly dir: string;
  readonly arch: string;
  readonly flags: string;
  /** Parallel processes that the step may use. */
  readonly parallel: number;
  /** Seconds since 1970 of the patched commit: SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/). */
  readonly epoch: number;
  /** Version of the source, such as `3.1.8`; where the base is a Debian package, the package's. */
  readonly version: string;
  /** Raised with each change of the series. */
  readonly revision: number;
  /** Appended to the version, so that no version stands for two contents. */
  readonly versionSuffix: string;
  /** Compilers that remember what they compiled, and what these need to know; undefined when none may. */
  readonly compilerCache: { readonly path: string; readonly env: Readonly<Record<string, string>> } | undefined;
  /** Says that jobs which need this one may start: their part of the folder is made, though packages are not. */
  readonly onReady: () => void;
  readonly host: Host;
  readonly onLines: OnLines;
}

/** A step kind. */
export interface StepKind<Name extends string, Input> {
  /** The word after `uses:`. */
  readonly name: Name;
  /** The schema of `with:`. Its `describe` text and those of its fields are the kind's documentation. */
  readonly schema: z.ZodType<Input>;
  /** Does the work. Throws `BuildError` ("build") when it fails. */
  run(input: Input, context: StepContext): Promise<void>;
  /** What a step makes, as far as its input names it; the graph of a plan shows it. */
  makes(input: Input): readonly string[];
  /** Debian packages that every step of this kind needs. */
  readonly packages?: readonly string[];
  /** True for a kind that compiles for another system than the one it runs on. */
  readonly crossCompiles?: boolean;
}

/** The whole environment of a step's programs: nothing of the user's, so that nothing which is not in the plan changes the result. */
function buildEnv(context: StepContext): Record<string, string> {
  return {
    ...cleanEnv(context.dir, context.compilerCache?.path),
    SOURCE_DATE_EPOCH: String(context.epoch),
    KOVN_ARCH: context.arch,
    KOVN_FLAGS: context.flags,
    KOVN_PARALLEL: String(context.parallel),
    KOVN_VERSION: `${context.version}${context.versionSuffix}`,
    KOVN_REVISION: String(context.revision),
    ...context.compilerCache?.env,
  };
}

/** Runs a program of a step in the job's `src/`; its output goes to the log. Throws `BuildError` ("build") when it fails. */
export async function runProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  context: StepContext,
): Promise<void> {
  const result = await exec(program, args, {
    host: { ...context.host, env: {} },
    cwd: `${context.dir}/src`,
    env: { ...buildEnv(context), ...env },
    onLines: context.onLines,
  });
  if (result.exitCode !== 0) throw new BuildError("build", `\`${program}\` ended with exit code ${result.exitCode}.`);
}
