import type { Draft } from "./draft.ts";

/** A patch as an order file names it. */
export interface Entry {
  /** A path, or an address. */
  readonly name: string;
  /** Where it is downloaded from, if the file does that. */
  readonly url?: string | undefined;
  readonly line: number;
  readonly level?: number | undefined;
  /** What the comment above it says. */
  readonly comment?: Pick<Draft, "subject" | "body"> | undefined;
  /** Names of the folder that it is applied in, and of the repository that was cloned there. */
  readonly places: readonly string[];
  /** Why it is not known which patch this is. */
  readonly problem?: string | undefined;
}
