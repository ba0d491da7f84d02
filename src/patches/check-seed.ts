import type { SeedEntry } from "../config/seed.ts";
import type { Source } from "../config/source.ts";
import type { Finding } from "./check.ts";
import { listEntries } from "./list.ts";

/** Checks that each entry of the seed is a patch, merged upstream, or dropped with a reason. */
export function checkSeed(seed: readonly SeedEntry[], sources: readonly Source[]): Finding {
  const entries = listEntries(seed, sources);
  const missing = entries.filter((entry) => entry.status === "missing").map((entry) => `${entry.entry} (${entry.seed})`);
  const wrong = [
    ...(missing.length === 0 ? [] : [`entries without a patch: ${missing.join(", ")}`]),
    ...sources.flatMap((source) => wrongDrops(seed, source)),
  ];
  if (wrong.length > 0) return { source: "all", check: "seed", outcome: "failed", detail: wrong.join("; ") };
  const dropped = entries.filter((entry) => entry.status === "dropped").length;
  const each = entries.length === 1 ? "its only entry" : `each of its ${entries.length} entries`;
  const how = `a patch or merged upstream${dropped === 0 ? "" : `, or dropped with a reason (${dropped})`}`;
  return { source: "all", check: "seed", outcome: "ok", detail: `${each} is ${how}` };
}

/** What is wrong with the entries that a source drops. */
function wrongDrops(seed: readonly SeedEntry[], { name, patches, dropped }: Source): readonly string[] {
  return dropped.flatMap(({ seed: id }) => {
    const patch = patches.find((one) => one.seed === id);
    if (patch !== undefined) return [`${name} drops ${id}, but has a patch for it: \`${patch.name}\``];
    const isKnown = seed.some((entry) => entry.source === name && entry.commit.startsWith(id));
    return isKnown ? [] : [`${name} drops ${id}, which is not an entry of the seed for it`];
  });
}
