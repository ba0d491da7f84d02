import type { Project } from "../config/project.ts";
import type { Mirrors } from "../root/mirrors.ts";

/** Where built packages are tried. */
export interface TrialContext {
  readonly project: Project;
  /** This machine, with Debian's name of its architecture. */
  readonly machine: { readonly arch: string };
  /** Archives for roots instead of the distribution's own. */
  readonly mirrors: Mirrors;
}
