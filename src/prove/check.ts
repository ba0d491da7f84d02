import type { Programs } from "./programs.ts";
import type { Sandbox } from "./sandbox.ts";

/** One observed fact about programs, and what it must be on patched ones. */
export interface Fact {
  readonly what: string;
  readonly seen: string;
  readonly expected: string | RegExp;
}

/**
 * A file of the source tree, from below the folder of the programs; without one, the lines that the
 * patches add to it.
 */
export interface SourceFile {
  /** Where the text comes from, for people. */
  readonly where: string;
  readonly text: string;
}

export interface CheckContext {
  readonly programs: Programs;
  readonly sandbox: Sandbox;
  /** The version of the source that the line pins, such as `3.1.8`. */
  readonly version: string;
  /** Reads a file of the source tree by its path; undefined when it is not available. */
  readonly readSource: (path: string) => Promise<SourceFile | undefined>;
}

/**
 * What a check is about: an entry of the seed, a patch of the line that belongs to none, or a pick,
 * by the first digits of its commit.
 */
export type Subject =
  | { readonly entry: number }
  /** `source` if several sources have a patch of this name. */
  | { readonly patch: string; readonly source?: string }
  | { readonly pick: string };

/** The acceptance test of one of them, which runs on built programs. */
export type Check = Subject & CheckBody;

interface CheckBody {
  /** What patched programs do, as a sentence. */
  readonly behavior: string;
  /** Programs that must be below the folder, and other files below it that the check uses. */
  readonly programs: readonly string[];
  readonly files: readonly string[];
  /**
   * Whether unpatched programs behave differently. Where they do not, they pass too, and `behavior`
   * says why.
   */
  readonly unpatched: "differs" | "same";
  /**
   * The first line whose patches behave so, such as `1.17`: older lines have the check before it.
   * Without one, all lines have it, up to the next check of the same.
   */
  readonly since?: string;
  /** Returns the observed facts, or the reason why nothing can be observed. */
  readonly observe: (context: CheckContext) => Promise<readonly Fact[] | { readonly skipped: string }>;
}

/** The name of a check: the number of its entry, or the name of its patch or pick. */
export function nameOf(subject: Subject): string {
  if ("entry" in subject) return String(subject.entry);
  return "patch" in subject ? subject.patch : subject.pick;
}
