import type { StepContext } from "../../src/steps/step.ts";
import { host } from "./host.ts";
import { aLabel } from "./label.ts";

/** The context of a step in the job's folder `dir`; its output is discarded. */
export function aStepContext(dir: string, changes: Partial<StepContext> = {}): StepContext {
  return {
    dir,
    arch: "amd64",
    buildArch: undefined,
    flags: "",
    parallel: 1,
    epoch: 1.7e9,
    version: "3.1.8",
    revision: 1,
    versionSuffix: "+kovn1.12345678",
    label: aLabel(),
    compilerCache: undefined,
    onReady: () => undefined,
    host,
    onLines: async () => undefined,
    ...changes,
  };
}
