/**
 * Makes a record of entries. It has no prototype: a name such as `constructor` is in it only if it
 * is among the entries.
 */
export function makeRecord<T>(entries: Iterable<readonly [name: string, value: T]> = []): Record<string, T> {
  const record = Object.create(null) as Record<string, T>;
  for (const [name, value] of entries) record[name] = value;
  return record;
}

/** A copy of a value that was read, whose records, at any depth, have no prototype. */
export function withoutPrototypes<T>(value: T): T {
  if (Array.isArray(value)) return value.map((one: unknown) => withoutPrototypes(one)) as T;
  if (typeof value !== "object" || value === null) return value;
  return makeRecord(Object.entries(value).map(([name, one]) => [name, withoutPrototypes<unknown>(one)])) as T;
}

/** The most values of a file that is checked against a schema: each may have a problem of its own. */
export const mostValues = 20_000;

/** True when a value that was read has more values in it than a file may have. */
export function hasTooMany(value: unknown): boolean {
  const left = [value];
  for (let count = 0; left.length > 0; count++) {
    const one = left.pop();
    if (count > mostValues || left.length > mostValues) return true;
    if (typeof one === "object" && one !== null) for (const inner of Object.values(one)) left.push(inner);
  }
  return false;
}
