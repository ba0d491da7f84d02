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
