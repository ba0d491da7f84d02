import type { Plan } from "./plan.ts";

/** What a folder of results is for. */
export type DistOf = Pick<Plan, "target" | "variant">;

/**
 * The name of a build's folder below `--out`: the target, such as `linux`, and the variant unless it
 * is `default`, such as `linux-legacy`. So no variant takes the place of another one.
 */
export function distName({ target, variant }: DistOf): string {
  return variant === "default" ? target : `${target}-${variant}`;
}
