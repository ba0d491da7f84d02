import type { Programs } from "./programs.ts";
import type { Sandbox } from "./sandbox.ts";

/** One thing that was seen on programs, and what patched programs show there. */
export interface Fact {
  readonly what: string;
  readonly seen: string;
  readonly wanted: string | RegExp;
}

/** A file of the source tree: from below the folder of the programs, else what the line's patches add to it. */
export interface SourceFile {
  /** Where the text is from, for people. */
  readonly where: string;
  readonly text: string;
}

export interface CheckContext {
  readonly programs: Programs;
  readonly sandbox: Sandbox;
  /** A file of the source by its path there; undefined when there is none at hand. */
  readonly readSource: (path: string) => Promise<SourceFile | undefined>;
}

/** The acceptance of one entry of the seed, run on built programs. */
export interface Check {
  readonly entry: number;
  /** What patched programs do, as a sentence. */
  readonly demand: string;
  /** Programs that must be below the folder, and other files of it that the check uses. */
  readonly programs: readonly string[];
  readonly files: readonly string[];
  /** Whether unpatched programs behave differently. Where they do not, a run on them passes as well, and the demand says why. */
  readonly unpatched: "differs" | "same";
  /** Answers with what it saw, or with the reason why it cannot look. */
  readonly observe: (context: CheckContext) => Promise<readonly Fact[] | { readonly skipped: string }>;
}
