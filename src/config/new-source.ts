import { stringify } from "yaml";
import type { Source } from "./source.ts";

/**
 * The text of a `source.yaml` for an upstream at a commit, whose series is not Kube-OVN's own: its
 * patches may lack fields, and it need not account for the seed.
 */
export function newSource(pin: Pick<Source, "upstream" | "branch" | "commit" | "version" | "revision">): string {
  return `${stringify(pin, { lineWidth: 0 })}fields: optional # of patches: the four of DEP-3\nseed: optional # no patch is needed for its entries\n`;
}
