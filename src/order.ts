/** Sorts by a text of each element, by code units: the same order on every machine, unlike `localeCompare`. */
export function sortBy<T>(list: readonly T[], textOf: (element: T) => string): T[] {
  return list.toSorted((a, b) => {
    const [left, right] = [textOf(a), textOf(b)];
    return left === right ? 0 : left < right ? -1 : 1;
  });
}

/** The same record with its keys sorted. */
export function sortKeys<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(sortBy(Object.entries(record), ([key]) => key));
}
