/** A patch that is applied at another place of the order. Places are counted from 1, in each state. */
export interface MovedPatch<P> {
  readonly patch: P;
  readonly from: number;
  readonly to: number;
}

/**
 * Finds the patches that were moved, among those that both states have: the fewest that explain the
 * new order. `pairs` are in the new order.
 */
export function movedPatches<P>(
  pairs: readonly { readonly before: P; readonly patch: P }[],
  before: readonly P[],
  after: readonly P[],
): readonly MovedPatch<P>[] {
  const places = pairs.map((pair) => before.indexOf(pair.before));
  const stay = longestRise(places);
  return pairs.flatMap(({ patch }, index) =>
    stay.has(index) ? [] : [{ patch, from: (places[index] ?? 0) + 1, to: after.indexOf(patch) + 1 }],
  );
}

/** The indexes of the longest part of a list whose numbers rise. */
function longestRise(numbers: readonly number[]): ReadonlySet<number> {
  const lengths: number[] = [];
  const previous: number[] = [];
  let best = -1;
  for (const [index, number] of numbers.entries()) {
    let last = -1;
    for (let other = 0; other < index; other++)
      if ((numbers[other] ?? 0) < number && (lengths[other] ?? 0) > (lengths[last] ?? 0)) last = other;
    lengths.push((lengths[last] ?? 0) + 1);
    previous.push(last);
    if ((lengths[index] ?? 0) > (lengths[best] ?? 0)) best = index;
  }
  const rise = new Set<number>();
  for (let index = best; index >= 0; index = previous[index] ?? -1) rise.add(index);
  return rise;
}
