import { makeRecord } from "./record.ts";

/**
 * Sorts a list by a text of each element. Texts are compared by code units, so that the order is
 * the same on every machine, unlike with `localeCompare`.
 */
export function sortBy<T>(list: readonly T[], textOf: (element: T) => string): T[] {
  return list.toSorted((a, b) => {
    const [left, right] = [textOf(a), textOf(b)];
    return left === right ? 0 : left < right ? -1 : 1;
  });
}

/** A copy of a record with its keys sorted. */
export function sortKeys<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return makeRecord(sortBy(Object.entries(record), ([key]) => key));
}
