import { dirname } from "node:path";
import type { Entered } from "../sys/enter.ts";
import { execOnTerminal } from "../sys/exec-for-person.ts";
import type { Host } from "../sys/exec.ts";
import { printable } from "../sys/printable.ts";
import { quoteWords } from "../sys/quote.ts";
import { lockIn, withLock } from "../sys/with-lock.ts";
import type { FailedJob } from "./context.ts";

/** The shell of the person at the terminal. */
export interface Shell {
  readonly program: string;
  /** What the terminal can do (term(7)). */
  readonly term: string;
}

export interface OpenShellOptions {
  readonly shell: Shell;
  readonly host: Host;
  /** Writes to the terminal. */
  readonly write: (text: string) => void;
}

/** Characters of the command that are shown. */
const longest = 60;

/**
 * Opens a shell where a failed job started its last program, with the environment of that program;
 * `$KOVN_COMMAND` is it. Resolves when the person leaves the shell.
 */
export async function openShell({ job, dir, last }: FailedJob, { shell, host, write }: OpenShellOptions): Promise<void> {
  const { cwd, enter } = last;
  // A root need not have the shell of the person.
  const program = enter === undefined ? shell.program : "/bin/bash";
  const { term } = shell;
  const command = quoteWords(last.command);
  const [line = ""] = command.split("\n");
  const shown = printable(host.mask?.(line) ?? line).slice(0, longest);
  write(
    [
      `Job \`${job}\` failed. This is a shell in ${cwd}, with the environment of its steps:`,
      `  eval "$KOVN_COMMAND"   runs its last program again: ${shown}${shown === command ? "" : " ..."}`,
      "  exit                   ends the shell and the build, which failed",
      "",
    ].join("\n"),
  );
  const env = { ...last.env, TERM: term, SHELL: program, KOVN_COMMAND: command };
  const started = { command: [program], cwd, env, isOnTerminal: true };
  const entered: Entered = enter?.(started) ?? started;
  const [first = program, ...rest] = entered.command;
  // Nobody removes the run meanwhile.
  await withLock(lockIn(dirname(dir)), { host, other: `is working in ${dir}` }, async () =>
    execOnTerminal(first, rest, { host, cwd, env: entered.env }),
  );
}
