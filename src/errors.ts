/** What kind of thing went wrong; decides the exit code (see `exitCode`). */
export type ErrorCode =
  | "usage" // arguments are wrong
  | "project" // a project file (patches, series, YAML) is wrong
  | "machine" // a program, package, right or space is missing
  | "network" // an upstream, a mirror or a package source was not reached
  | "digest" // bytes are not those that were declared
  | "patch" // a patch does not apply
  | "build" // a step failed
  | "destination"; // the place to publish to does not take it

/** A place in a file that an error is about; `message` is what is wrong there, if it is not all that the error says. */
export interface FilePlace {
  readonly file: string;
  readonly line?: number | undefined;
  readonly message?: string;
}

/**
 * The only class of failure that a person can act on. `message` is one or more sentences starting with the thing that is wrong,
 * `hint` is what to type next, `at` names files that it is about, `cause` keeps the original error. Every other error is a bug and keeps its stack.
 */
export class BuildError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly at: readonly FilePlace[];

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown; at?: readonly FilePlace[] } = {}) {
    super(message, { cause: options.cause });
    this.name = "BuildError";
    this.code = code;
    this.hint = options.hint;
    this.at = options.at ?? [];
  }
}

/** What the operating system refuses for reasons that lie outside of this program (errno(3)). */
const refusals: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the disk",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EROFS: "the file system is read-only",
  ENOTDIR: "a part of the path is no folder",
  ENAMETOOLONG: "the path is too long",
  ELOOP: "the path goes through a circle of symbolic links",
  EMFILE: "too many files are open (`ulimit -n`)",
  EIO: "the disk reports an error",
};

/** Why the operating system refused a call, in words; undefined for any other error. */
export function refusalOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? refusals[String(error.code)] : undefined;
}

/** The error for a person when the operating system refused a path; any other error as it is. */
export function explainRefusal(error: unknown): unknown {
  const why = refusalOf(error);
  if (why === undefined) return error;
  const { code, path, dest, syscall } = error as NodeJS.ErrnoException & { dest?: string };
  const where = dest ?? path;
  const message = where === undefined ? `A call of \`${syscall}\` failed: ${why}.` : `Path ${where} cannot be used: ${why}.`;
  const full = code === "ENOSPC" || code === "EDQUOT";
  return new BuildError("machine", message, {
    cause: error,
    ...(full ? { hint: "free some space: `.kovn/runs` can be deleted at any time" } : {}),
  });
}

/** Exit code for an error: 2 for what is found wrong in arguments or project files before anything ran, 1 for everything else. */
export function exitCode(error: unknown): 1 | 2 {
  return error instanceof BuildError && (error.code === "usage" || error.code === "project") ? 2 : 1;
}
