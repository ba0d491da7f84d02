import type { Project } from "../config/project.ts";
import type { Actions } from "../report/actions.ts";
import type { Reporter } from "../report/reporter.ts";
import type { SuiteReporter } from "../report/suite.ts";
import type { Emit } from "../run/events.ts";
import type { Machine } from "../machine/this-machine.ts";
import type { Host } from "../sys/exec.ts";
import type { GitHubAccess } from "../sys/github.ts";

/** Ways to report progress; all of them write to stderr. */
export interface Report {
  readonly write: (text: string) => void;
  /** Writes the events of a run as plain lines. */
  readonly emit: Emit;
  /** Makes the reporter of a build: live, plain, for GitHub Actions, or JSON. */
  readonly ofBuild: (options: { readonly json: boolean; readonly verbose: boolean }) => Promise<Reporter>;
  /** Makes the reporter of a run of upstream's tests. */
  readonly ofSuite: () => Promise<SuiteReporter>;
}

/** Everything a command may know about the process it runs in. */
export interface Context {
  /** Version of `kovn-build`. */
  readonly version: string;
  /** Version of Node. */
  readonly node: string;
  readonly machine: Machine;
  readonly host: Host;
  readonly github: GitHubAccess;
  /** Set inside GitHub Actions only. */
  readonly actions: Actions | undefined;
  /** Finds the project of the current folder. */
  readonly project: () => Promise<Project>;
  /** Writes a result to stdout. */
  readonly print: (text: string) => void;
  readonly report: Report;
}
