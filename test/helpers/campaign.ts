import { parseArgs } from "node:util";

/** What a script runs that makes many inputs from numbers. */
export interface Campaign {
  /** How many inputs to make. */
  readonly count: number;
  /** The number of the first one. An input depends on its number alone. */
  readonly seed: number;
  /** How many to run at once. */
  readonly parallel: number;
}

/** Reads `--count`, `--seed` and `--parallel` of the command line. By default the seed is a random one. */
export function readCampaign(count: number): Campaign {
  const options = {
    count: { type: "string", default: String(count) },
    seed: { type: "string", default: String(Date.now() % 1e6) },
    parallel: { type: "string", default: "2" },
  } as const;
  const { values } = parseArgs({ options });
  const campaign = { count: Number(values.count), seed: Number(values.seed), parallel: Number(values.parallel) };
  for (const [name, value] of Object.entries(campaign))
    if (!Number.isSafeInteger(value) || value < (name === "seed" ? 0 : 1))
      throw new Error(`--${name}: expected an integer, not ${value}`);
  return campaign;
}
