import { createHash } from "node:crypto";
import { sortKeys } from "../order.ts";

/**
 * Returns the sha256 (hexadecimal) of a plain value. The order of keys does not matter. Values are
 * JSON: no undefined, no functions.
 */
export function keyOf(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

/** Formats a value as JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? sortKeys(inner as Readonly<Record<string, unknown>>)
      : inner,
  );
}
