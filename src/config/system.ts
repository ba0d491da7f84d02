import { BuildError } from "../errors.ts";
import type { Pipeline, System } from "./pipeline.ts";

/** Throws "usage" for a pipeline of another system: what it does can be planned here, not run. */
export function assertSystem({ name, host }: Pipeline, system: System): void {
  if (host === system) return;
  throw new BuildError("usage", `Pipeline \`${name}\` runs on ${systemNames[host]}, and this is ${systemNames[system]}.`, {
    hint: "kovn-build plan with the same options, or --toolchain with another one",
  });
}

const systemNames = { linux: "Linux", windows: "Windows" } as const;
