import type { Project } from "../config/project.ts";
import type { Actions } from "../report/actions.ts";
import type { Style } from "../report/style.ts";
import type { Progress } from "../run/events.ts";
import type { Shell } from "../run/open-shell.ts";
import type { Machine } from "../machine/this-machine.ts";
import type { Host } from "../sys/exec.ts";
import type { GitHubAccess } from "../sys/github.ts";
import type { Json } from "../sys/json.ts";

export interface ReportOptions {
  /** True to print each event as a line of JSON on stdout, instead of progress on stderr. */
  readonly events?: boolean;
  /** True to print the output of jobs. */
  readonly verbose?: boolean;
}

/** Reports progress. */
export interface Report {
  /** Writes to stderr. */
  readonly write: (text: string) => void;
  /**
   * Runs the work of a command as a tree of tasks, and shows it: live on a terminal, else as plain
   * lines, or as GitHub Actions reads them. Returns or throws what the work does.
   */
  readonly run: <T>(work: (progress: Progress) => Promise<T>, options?: ReportOptions) => Promise<T>;
}

/** Everything a command may know about the process it runs in. */
export interface Context {
  /** Version of `kovn-build`. */
  readonly version: string;
  /** Version of Node. */
  readonly node: string;
  readonly machine: Machine;
  /** For work that is done in no time; `report.run` gives the host of work that is shown. */
  readonly host: Host;
  readonly github: GitHubAccess;
  /** Names of secrets in this process's environment that the programs it starts can read. */
  readonly exposed: readonly string[];
  /** Set inside GitHub Actions only. */
  readonly actions: Actions | undefined;
  /** The shell of the person at the terminal; undefined when there is none to type. */
  readonly shell: Shell | undefined;
  /** Finds the project of the current folder. */
  readonly project: () => Promise<Project>;
  /** Width of the terminal that shows results; undefined when they go elsewhere. */
  readonly columns: number | undefined;
  /** Writes a result to stdout. One that a function makes may have colors, and shows control characters itself. */
  readonly print: (result: string | Json | ((style: Style) => string)) => void;
  readonly report: Report;
}
