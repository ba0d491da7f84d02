import type { Check, Fact } from "./check.ts";

/** The result of running one check on one folder of programs. */
export type Observation =
  | { readonly kind: "seen"; readonly facts: readonly Fact[] }
  | { readonly kind: "skipped"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

export interface Judgement {
  readonly verdict: "pass" | "fail" | "skipped";
  readonly why: string;
}

/** Describes an observation for people, in one line. */
export function describeObservation(seen: Observation): string {
  return seen.kind === "seen" ? seen.facts.map((fact) => `${fact.what}: ${fact.seen}`).join("; ") : seen.reason;
}

/**
 * Compares what the programs do with what they must do. Where unpatched programs behave
 * differently, so must the programs to compare with: a check that passes on both proves nothing.
 */
export function judge(
  check: Pick<Check, "behavior" | "unpatched">,
  after: Observation,
  before: Observation | undefined,
): Judgement {
  if (after.kind === "skipped") return { verdict: "skipped", why: after.reason };
  if (after.kind === "failed") return { verdict: "fail", why: after.reason };
  const wrong = after.facts.filter((fact) => !isMet(fact));
  if (wrong.length > 0) return { verdict: "fail", why: wrong.map(describeWrong).join("; ") };
  if (check.unpatched === "differs" && before?.kind === "seen" && before.facts.every(isMet))
    return { verdict: "fail", why: "The programs of --before behave the same, so this proves nothing." };
  return { verdict: "pass", why: check.behavior };
}

function isMet({ seen, expected }: Fact): boolean {
  return typeof expected === "string" ? seen === expected : expected.test(seen);
}

function describeWrong({ what, seen, expected }: Fact): string {
  return `${what}: ${seen}, expected ${typeof expected === "string" ? expected : expected.source}`;
}
