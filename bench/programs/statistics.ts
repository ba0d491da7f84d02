import { binomialDistribution, median } from "simple-statistics";

/** A median, and the interval that holds the true one with a confidence of 95 %. */
export interface Estimate {
  readonly middle: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The median of the values with an interval between two of them, of the sign test, which assumes no
 * distribution: the true median is below value number k if at most k of n coins show heads. Of five
 * values or less, the outermost two, which have less confidence.
 */
export function estimate(values: readonly number[]): Estimate {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  const chances = binomialDistribution(n, 0.5) ?? [];
  let outside = 0;
  const inside = chances.findIndex((chance) => (outside += chance) > 0.025);
  const at = Math.max(0, inside - 1);
  return { middle: median(sorted), low: sorted[at] ?? Number.NaN, high: sorted[n - 1 - at] ?? Number.NaN };
}
