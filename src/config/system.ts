import { BuildError } from "../errors.ts";
import type { Pipeline, System } from "./pipeline.ts";

/**
 * Throws "usage" for a pipeline that runs on another system. It can be planned here, but not run.
 */
export function assertSystem({ name, host }: Pipeline, system: System): void {
  if (host === system) return;
  throw new BuildError(
    "usage",
    `Pipeline \`${name}\` runs on ${systemNames[host]}, but this machine runs ${systemNames[system]}.`,
    {
      hint: "kovn-build plan with the same options, or another --toolchain",
    },
  );
}

const systemNames = { linux: "Linux", windows: "Windows" } as const;
