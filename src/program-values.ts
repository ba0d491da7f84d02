import { InvalidArgumentError } from "commander";

/** Collects the values of an option that may be repeated. */
export function collect(value: string, all: readonly string[]): readonly string[] {
  return [...all, value];
}

/** Reads the value of an option that is a positive whole number. */
export function positive(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("A positive whole number is wanted.");
  return number;
}
