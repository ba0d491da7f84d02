import type { Check } from "../verify/check.ts";
import { checks } from "../verify/registry.ts";
import { behaviourCheck } from "./checks/behaviour.ts";
import { floorCheck } from "./checks/floor.ts";
import { installCheck } from "./checks/install.ts";
import type { TrialContext } from "./context.ts";
import { rootsOnce } from "./roots.ts";

/** Every check, in the order in which they run: those of bytes, then those that install and run. */
export function allChecks(context: TrialContext): readonly Check[] {
  const findRoots = rootsOnce(context);
  return [...checks, installCheck(context, findRoots), floorCheck(findRoots), behaviourCheck(context, findRoots)];
}
