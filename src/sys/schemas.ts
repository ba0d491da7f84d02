import { z } from "zod";

/** A sha256 in hexadecimal. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, "expected a sha256 (64 hexadecimal digits)");

/** The full id of a git commit or tree. */
export const gitIdSchema = z.string().regex(/^[0-9a-f]{40}$/, "expected a full git id (40 hexadecimal digits)");

/** One line of text, for people. */
export const textSchema = z
  .string()
  .regex(/^[^\s\p{C}]([^\p{C}]*[^\s\p{C}])?$/u, "expected one line of text, without spaces around it");

/** True when a value is wrong because there is none. */
export function isMissing({ message }: z.core.$ZodIssue): boolean {
  return message.endsWith("received undefined");
}

/** What is wrong with a value of a JSON file, such as `files.0.size is missing`. */
export function describeIssue(issue: z.core.$ZodIssue, path: readonly PropertyKey[] = issue.path): string {
  const name = path.join(".") || "the file";
  return isMissing(issue) ? `${name} is missing` : `${name}: ${issue.message}`;
}

/** Names that Windows keeps for devices, with any extension, as names of files and folders. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const longest = 100;

/** A name that becomes a part of paths: of a pipeline, a job, a source or a variant. */
export const nameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, "expected a name of small letters, digits and hyphens")
  .max(longest, `expected a name of at most ${longest} characters`)
  .refine((name) => !reserved.test(name), "Windows keeps this name for a device");

/**
 * A version as Debian allows it in a package's name and file (Debian policy, 5.6.12), which becomes
 * a part of paths.
 */
export const versionSchema = z
  .string()
  .regex(/^(\d+:)?\d[A-Za-z0-9.+~-]*$/, "expected a version: a digit, then letters, digits and `.+~-`")
  .max(longest, `expected a version of at most ${longest} characters`);

/** A relative path that stays in its folder, in characters that need no quoting. */
export const pathSchema = z
  .string()
  .regex(/^[\w.+~-]+(\/[\w.+~-]+)*$/, "expected a relative path of letters, digits and `.+~-_`")
  .refine((value) => !value.split("/").some((part) => part === "." || part === ".."), "expected a path inside the folder")
  .refine((value) => value.split("/").every((part) => part.length <= 255), "expected names of at most 255 bytes");
