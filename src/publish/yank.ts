import { BuildError } from "../errors.ts";
import { findSigner } from "../sys/gpg-key.ts";
import { runTask } from "../sys/run-task.ts";
import type { Outcome, Yanker, YankOptions } from "./publisher.ts";
import { assertApart, destinationForms, parseDestination } from "./registry.ts";

/** Which versions to take out, and of which destinations. */
export interface YankRequest {
  /** Versions of packages, as apt shows them. */
  readonly versions: readonly string[];
  /** Destinations, such as `apt=DIR`. */
  readonly to: readonly string[];
  /** A gpg key (fingerprint, id or mail address) to sign with. */
  readonly sign?: string;
}

/**
 * Takes versions out of destinations. All destinations are checked before one is touched. Does
 * nothing where they were taken out before.
 */
export async function yank(
  { versions, to, sign }: YankRequest,
  context: Omit<YankOptions, "signer">,
): Promise<readonly (Outcome & { readonly to: string })[]> {
  if (to.length === 0) throw new BuildError("usage", "No destination given.", { hint: `--to ${destinationForms}` });
  const destinations = to.map((one) => ({ to: one, ...parseDestination(one) }));
  assertApart(destinations, []);
  const yankers = destinations.map(({ publisher, ...one }) => ({ ...one, yanker: yankerOf(publisher.yank, one.to) }));
  const signer = sign === undefined ? undefined : await findSigner(sign, context);
  const options = { ...context, signer };
  for (const { yanker, place } of yankers) await yanker.check(versions, place, options);
  const outcomes: (Outcome & { readonly to: string })[] = [];
  for (const { yanker, place, to: name } of yankers)
    await runTask(options.host, `take ${versions.join(", ")} out of ${name}`, async (host) => {
      outcomes.push({ to: name, ...(await yanker.run(versions, place, { ...options, host })) });
    });
  return outcomes;
}

function yankerOf(how: Yanker | string, to: string): Yanker {
  if (typeof how !== "string") return how;
  throw new BuildError("usage", `\`${to}\` can only be taken out by hand. No destination was changed.`, { hint: how });
}
