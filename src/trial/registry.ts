import { checks } from "../verify/registry.ts";
import type { Checks } from "../verify/verify.ts";
import { behaviourCheck } from "./checks/behaviour.ts";
import { floorCheck } from "./checks/floor.ts";
import { installCheck } from "./checks/install.ts";
import { reproducibleCheck } from "./checks/reproducible.ts";
import type { TrialContext } from "./context.ts";
import type { RebuildContext } from "./rebuild.ts";
import { rootsOnce } from "./roots.ts";

/** The checks that only look at bytes. */
export const bytesOnly: Checks = { checks, run: false };

/** Every check, in the order in which they run: those of bytes, then those that install and run. */
export function allChecks(context: TrialContext): Checks {
  const findRoots = rootsOnce(context);
  return {
    checks: [...checks, installCheck(context, findRoots), floorCheck(findRoots), behaviourCheck(context, findRoots)],
    run: true,
  };
}

/** These checks, and the one that builds all a second time. */
export function withRebuild({ checks: others, run }: Checks, context: RebuildContext): Checks {
  return { checks: [...others, reproducibleCheck(context)], run };
}
