import type { Host } from "../sys/exec.ts";
import type { Input, Subject } from "./subject.ts";

/** What a check found. Without evidence nothing is proved, and the check fails. */
export interface Findings {
  /** What was seen that proves it, a sentence or a row each. */
  readonly evidence: readonly string[];
  /** What is wrong; one is enough to fail. */
  readonly problems: readonly string[];
  /** What a person should know, although it fails nothing. */
  readonly warnings?: readonly string[];
}

/** Looks at the bytes of built files. */
export interface Check {
  readonly name: string;
  /** What it proves, as a sentence. */
  readonly proves: string;
  /** Throws "usage" or "project" for what it cannot be asked about, before any check runs. */
  readonly assert?: (input: Input) => Promise<void>;
  /** Returns what it found, or the reason why the check does not apply to these files. */
  readonly run: (subject: Subject, host: Host) => Promise<Findings | { readonly skipped: string }>;
}

/** A check that ran: its verdict, and why. */
export interface Verdict extends Required<Findings> {
  readonly check: string;
  readonly proves: string;
  /** `skipped` for a check that does not apply. A missing tool is not a reason to skip: it fails. */
  readonly verdict: "pass" | "fail" | "skipped";
  /** Why a check was skipped. */
  readonly why?: string;
}

/** The verdict for what a check found. */
export function judge({ name: check, proves }: Check, found: Findings | { readonly skipped: string }): Verdict {
  if ("skipped" in found)
    return { check, proves, verdict: "skipped", why: found.skipped, evidence: [], problems: [], warnings: [] };
  const { evidence, warnings = [] } = found;
  const nothing = found.problems.length === 0 && evidence.length === 0;
  const problems = nothing ? ["There is no evidence: nothing was found to look at."] : found.problems;
  return { check, proves, verdict: problems.length === 0 ? "pass" : "fail", evidence, problems, warnings };
}
