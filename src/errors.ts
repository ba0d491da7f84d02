import { listOf } from "./list.ts";

/** The kinds of failures. Each has a page, `docs/errors/<code>.md`, which `kovn-build explain` prints. */
export const errorCodes = [
  "usage", // arguments are wrong
  "project", // a project file (patches, series, YAML) is wrong
  "compiler", // the machine's compiler is the wrong one
  "machine", // a program, a package, a permission or disk space is missing
  "network", // an upstream, a mirror or a package source cannot be reached
  "digest", // bytes differ from the declared ones
  "patch", // a patch does not apply
  "build", // a step failed
  "destination", // the destination does not accept what is published
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The page of a kind of failure, in the package and on the site; `bug` is for what is not a `BuildError`. */
export function pageOfError(code: ErrorCode | "bug"): string {
  return `docs/errors/${code}.md`;
}

/**
 * A place in a file that an error is about; `message` says what is wrong there when the error has
 * several places.
 */
export interface FilePlace {
  readonly file: string;
  readonly line?: number | undefined;
  readonly message?: string;
}

/** What is wrong at a place in a project file. Lines and columns are counted from 1. */
export interface FileProblem extends FilePlace {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface ErrorDetails {
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  readonly source?: string | undefined;
  readonly job?: string | undefined;
  readonly at?: readonly FilePlace[];
}

/**
 * A failure that a person can act on; every other error is a bug and keeps its stack. `message` is
 * one or more sentences and starts with the thing that is wrong. Nothing parses it: programs read
 * the other fields.
 */
export class BuildError extends Error {
  readonly code: ErrorCode;
  /** What to type next. */
  readonly hint: string | undefined;
  /** The source that the error is about. */
  readonly source: string | undefined;
  /** The job that failed; undefined for an error that was found before a job ran. */
  readonly job: string | undefined;
  /** Places in files that the error is about. */
  readonly at: readonly FilePlace[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "BuildError";
    this.code = code;
    this.hint = details.hint;
    this.source = details.source;
    this.job = details.job;
    this.at = details.at ?? [];
  }
}

/**
 * The error for wrong project files. Its message lists each problem once, as
 * `file:line:column: what is wrong`.
 */
export function projectError(problems: readonly FileProblem[], details: ErrorDetails = {}): BuildError {
  const byLine = new Map(
    problems.map((problem) => [`${problem.file}:${problem.line}:${problem.column}: ${problem.message}`, problem]),
  );
  return new BuildError("project", listOf(byLine.keys(), "\n"), { at: [...byLine.values()], ...details });
}

/** A file that is not used: it is not a regular file, or too large. */
export class UnusableFile extends Error {
  readonly path: string;
  /** Why it is not used, such as `it is a FIFO, not a regular file`. */
  readonly why: string;

  constructor(path: string, why: string) {
    super(`Path ${path} cannot be used: ${why}.`);
    this.path = path;
    this.why = why;
  }
}

/** The error for a project file that cannot be read; `hint` is what to type next. */
export function unreadableFile(file: string, cause: unknown, hint?: string): BuildError {
  const why = refusalOf(cause);
  const message = `This file cannot be read${why === undefined ? "" : `: ${why}`}.`;
  return projectError([{ file, line: 1, column: 1, message }], { cause, hint });
}

/**
 * Waits for all of them. Throws what is wrong with all project files at once; any other error goes
 * first.
 */
export async function allOrProblems<T extends readonly unknown[]>(readings: {
  readonly [K in keyof T]: Promise<T[K]>;
}): Promise<T> {
  const settled = await Promise.allSettled(readings);
  const errors = settled.flatMap((one): unknown[] => (one.status === "rejected" ? [one.reason] : []));
  const problems = errors.filter((error) => error instanceof BuildError && error.code === "project");
  const [first, ...others] = problems as BuildError[];
  if (errors.length > problems.length) throw errors.find((error) => !problems.includes(error));
  if (first === undefined) return Promise.all(readings);
  throw joinProblems([first, ...others]);
}

/** One error for several about project files. */
export function joinProblems(errors: readonly [BuildError, ...BuildError[]]): BuildError {
  const message = errors.map((error) => error.message).join("\n");
  return withDetails(errors[0], { message, at: errors.flatMap((error) => error.at) });
}

/** The same error with other details. */
export function withDetails(
  error: BuildError,
  { message = error.message, ...details }: ErrorDetails & { readonly message?: string },
): BuildError {
  const { code, hint, source, job, at } = error;
  return new BuildError(code, message, { hint, source, job, at, cause: error, ...details });
}

/** Why the operating system refuses a call, for reasons outside of this program (errno(3)). */
const refusals: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the disk",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EROFS: "the file system is read-only",
  EBUSY: "a file system is mounted there, or it is in use",
  EXDEV: "a part of it is on another file system",
  EISDIR: "a folder is in the way",
  EEXIST: "something else is in the way",
  ENOTEMPTY: "a folder with content is in the way",
  ENOTDIR: "a part of the path is not a folder",
  ENAMETOOLONG: "the path is too long",
  ELOOP: "the path has a loop of symbolic links",
  EMFILE: "too many files are open (ulimit -n 4096)",
  EIO: "the disk reports an error",
  ERR_FS_CP_FIFO_PIPE: "it is a FIFO, not a regular file",
  ERR_FS_CP_SOCKET: "it is a socket, not a regular file",
  ERR_FS_CP_UNKNOWN: "it is a device, not a regular file",
};

/**
 * Why a file is not used, or the operating system refused a call, in words; undefined for any other
 * error.
 */
export function refusalOf(error: unknown): string | undefined {
  if (error instanceof UnusableFile) return error.why;
  return error instanceof Error && "code" in error ? refusals[String(error.code)] : undefined;
}

/**
 * Turns the error of a refused system call into one for a person; returns any other error
 * unchanged.
 */
export function explainRefusal(error: unknown): unknown {
  const why = refusalOf(error);
  if (why === undefined) return error;
  const { code, path, dest, syscall } = error as NodeJS.ErrnoException & { dest?: string };
  const where = dest ?? path;
  const message = where === undefined ? `A call of \`${syscall}\` failed: ${why}.` : `Path ${where} cannot be used: ${why}.`;
  if (code === "EMFILE")
    return new BuildError(
      "machine",
      `Too many files are open at once${where === undefined ? "" : `: ${where} cannot be opened`}.`,
      {
        cause: error,
        hint: "ulimit -n 4096, in the shell that starts kovn-build",
      },
    );
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return new BuildError("machine", message, {
    cause: error,
    hint: isFull ? "free some space: kovn-build cache prune --keep-runs 1" : undefined,
  });
}

/** Kinds of wrong input. */
const inputFaults: ReadonlySet<ErrorCode> = new Set(["usage", "project", "compiler"]);

/** The exit code for an error: 2 for wrong input that was found before a job ran, else 1. */
export function exitCode(error: unknown): 1 | 2 {
  return error instanceof BuildError && error.job === undefined && inputFaults.has(error.code) ? 2 : 1;
}
