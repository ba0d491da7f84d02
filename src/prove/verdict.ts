import type { Check, Fact } from "./check.ts";

/** What came of running one check on one folder of programs. */
export type Observation =
  | { readonly kind: "seen"; readonly facts: readonly Fact[] }
  | { readonly kind: "skipped"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

export interface Judgement {
  readonly verdict: "pass" | "fail" | "skipped";
  readonly why: string;
}

/** What was observed, as one line for people. */
export function describeObservation(seen: Observation): string {
  return seen.kind === "seen" ? seen.facts.map((fact) => `${fact.what}: ${fact.seen}`).join("; ") : seen.reason;
}

/**
 * Compares what the programs do with what is demanded. Programs to compare with must behave differently where unpatched ones do: a check
 * that passes on them as well proves nothing.
 */
export function judge(
  check: Pick<Check, "demand" | "unpatched">,
  after: Observation,
  before: Observation | undefined,
): Judgement {
  if (after.kind === "skipped") return { verdict: "skipped", why: after.reason };
  if (after.kind === "failed") return { verdict: "fail", why: after.reason };
  const wrong = after.facts.filter((fact) => !isMet(fact));
  if (wrong.length > 0) return { verdict: "fail", why: wrong.map(tellWrong).join("; ") };
  if (check.unpatched === "differs" && before?.kind === "seen" && before.facts.every(isMet))
    return { verdict: "fail", why: "The programs of --before behave the same, so this proves nothing." };
  return { verdict: "pass", why: check.demand };
}

function isMet({ seen, wanted }: Fact): boolean {
  return typeof wanted === "string" ? seen === wanted : wanted.test(seen);
}

function tellWrong({ what, seen, wanted }: Fact): string {
  return `${what}: ${seen}, wanted ${typeof wanted === "string" ? wanted : wanted.source}`;
}
