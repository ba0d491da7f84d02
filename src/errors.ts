/** What kind of thing went wrong; decides the exit code (see `exitCode`). */
export type ErrorCode =
  | "usage" // arguments are wrong
  | "project" // a project file (patches, series, YAML) is wrong
  | "machine" // a program, package, right or space is missing
  | "network" // an upstream, a mirror or a package source was not reached
  | "digest" // bytes are not those that were declared
  | "patch" // a patch does not apply
  | "build"; // a step failed

/**
 * The only class of failure that a person can act on. `message` is one or more sentences starting with the thing that is wrong,
 * `hint` is what to type next, `cause` keeps the original error. Every other error is a bug and keeps its stack.
 */
export class BuildError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "BuildError";
    this.code = code;
    this.hint = options.hint;
  }
}

/** Exit code for an error: 2 for what is found wrong in arguments or project files before anything ran, 1 for everything else. */
export function exitCode(error: unknown): 1 | 2 {
  return error instanceof BuildError && (error.code === "usage" || error.code === "project") ? 2 : 1;
}
