import type { Project } from "../../config/project.ts";
import type { From } from "../../plan/base.ts";
import type { Host } from "../../sys/exec.ts";

/** What a rebase works with. */
export interface RebaseContext {
  readonly project: Project;
  /** The line, and the name of the source. */
  readonly line: string;
  readonly name: string;
  /** `--from`; the repository of the state if the person gave none. */
  readonly from: From;
  readonly host: Host;
}
