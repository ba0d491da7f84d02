import { BuildError } from "../errors.ts";
import { findFormerKeys, findSigner } from "../sys/gpg-key.ts";
import { runTask } from "../sys/run-task.ts";
import type { Outcome, YankOptions } from "./publisher.ts";
import type { PublishRequest } from "./publish.ts";
import { parseDestination } from "./registry.ts";

/** What to repair, and who signs. */
export interface RepairRequest extends Pick<PublishRequest, "sign" | "changeKey"> {
  /** A destination, such as `apt=DIR`. */
  readonly repair: string;
  /** The id of a list of packages that no signature vouches for, to sign them anyway. */
  readonly accept?: string;
}

/** Repairs the state of a destination from what is there. Does nothing when it is whole. */
export async function repair(
  { repair: to, sign, changeKey, accept }: RepairRequest,
  context: Pick<YankOptions, "host">,
): Promise<Outcome & { readonly to: string }> {
  const { publisher, place } = parseDestination(to);
  const repairPlace = publisher.repair;
  if (repairPlace === undefined)
    throw new BuildError("usage", `\`${to}\` is repaired by publishing to it again.`, { hint: `kovn-build publish --to ${to}` });
  const signer = sign === undefined ? undefined : await findSigner(sign, context);
  const formerKeys = changeKey === undefined ? [] : await findFormerKeys(changeKey === true ? undefined : changeKey, context);
  return runTask(context.host, `repair ${to}`, async (host) => ({
    to,
    ...(await repairPlace(place, accept, { host, signer, formerKeys })),
  }));
}
