import type { Project } from "../config/project.ts";
import type { Actions } from "../report/actions.ts";
import type { Reporter } from "../report/reporter.ts";
import type { SuiteReporter } from "../report/suite.ts";
import type { Machine } from "../run/request.ts";
import type { Host } from "../sys/exec.ts";
import type { GitHubAccess } from "../sys/github.ts";

/** All that the commands know of the process that they run in. */
export interface Context {
  readonly version: string;
  readonly node: string;
  readonly machine: Machine;
  /** Processes that can run at once. */
  readonly cores: number;
  readonly isRoot: boolean;
  readonly host: Host;
  readonly github: GitHubAccess;
  /** Inside of GitHub Actions. */
  readonly actions: Actions | undefined;
  readonly project: () => Promise<Project>;
  /** Results. */
  readonly print: (text: string) => void;
  /** Progress and complaints. */
  readonly tell: (text: string) => void;
  readonly makeReporter: (options: { readonly json: boolean; readonly verbose: boolean }) => Promise<Reporter>;
  readonly makeSuiteReporter: () => Promise<SuiteReporter>;
}
