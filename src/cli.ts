#!/usr/bin/env node
import { setMaxListeners } from "node:events";
import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import { styleText } from "node:util";
import { packageRoot, packageVersion } from "./config/package.ts";
import { findProject, type Project } from "./config/project.ts";
import { BuildError, exitCode, explainRefusal } from "./errors.ts";
import { verbs } from "./commands/verbs.ts";
import { thisMachine, type Machine } from "./machine/this-machine.ts";
import type { Context } from "./program/context.ts";
import { runProgram } from "./program/program.ts";
import { makeActions } from "./report/actions.ts";
import { takeCredentials } from "./sys/credentials.ts";
import { holdsSecret, makeMask } from "./sys/mask.ts";
import { explainCommand } from "./report/explain-command.ts";
import { makeReport } from "./report/report.ts";
import type { Screen } from "./report/screen.ts";
import { makeStyle } from "./report/style.ts";
import { isForeground, whileStopped } from "./sys/processes.ts";
import { quoteWords } from "./sys/quote.ts";
import { showControls } from "./sys/show-controls.ts";
import { quietTask } from "./sys/task.ts";
import { cutLines } from "./sys/text.ts";
import { wipeEnvironment } from "./sys/wipe-environment.ts";

// The only file that reads arguments, environment and streams of the process; the others get values.
const abort = new AbortController();
// Each running program listens to it. Node warns about a leak after ten listeners; a series has more
// patches than that.
setMaxListeners(0, abort.signal);

const proxies = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];

/**
 * The environment variables that reach the programs we start: to find programs, reach the network,
 * log in by ssh, sign.
 */
const passed = [
  "PATH",
  "HOME",
  "TMPDIR",
  ...proxies,
  ...proxies.map((name) => name.toUpperCase()),
  "SSH_AUTH_SOCK",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "GNUPGHOME",
  "GPG_TTY",
  // On Windows: where `cmd` finds Visual C++, MSBuild, the WDK and WiX. Node passes the rest itself.
  "ALLUSERSPROFILE",
  "CommonProgramFiles",
  "CommonProgramFiles(x86)",
  "ComSpec",
  "NUMBER_OF_PROCESSORS",
  "OS",
  "PATHEXT",
  "PROCESSOR_ARCHITECTURE",
  "ProgramData",
  "ProgramFiles",
  "ProgramFiles(x86)",
  "ProgramW6432",
  "WIX",
];
const defined = (variables: readonly (readonly [name: string, value: string | undefined])[]): Record<string, string> =>
  Object.fromEntries(variables.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
// git and apt know some variables of proxies in small letters only.
const small = defined(proxies.map((name) => [name, process.env[name] ?? process.env[name.toUpperCase()]]));
const userEnv = { ...defined(Object.entries(process.env)), ...small };
const env = { ...defined(passed.map((name) => [name, process.env[name]])), ...small };
const { args, credentials, secrets } = takeCredentials(process.argv.slice(2));
const mask = makeMask(process.env);
for (const secret of secrets) mask.add(secret);
const host = { env, userEnv, credentials, signal: abort.signal, mask, hide: mask.add, task: quietTask };
// Every user of the machine may read the arguments of a process; this overwrites them.
if (credentials.size > 0) process.title = "kovn-build";

const { GITHUB_TOKEN: token, GITHUB_REPOSITORY: repository, GITHUB_API_URL: api = "https://api.github.com" } = process.env;
const github = { token, repository, api };
// All that needs a secret has its own copy. A build step could read ours.
const exposed = wipeEnvironment(holdsSecret);

const actions = makeActions(process.env, (text) => void process.stderr.write(text), mask);

// An empty NO_COLOR counts as unset (no-color.org), but not for Node 20.
if (process.env["NO_COLOR"] === "") delete process.env["NO_COLOR"];
const hasColors = (stream: NodeJS.WriteStream) => styleText("red", "x", { stream }) !== "x";
const style = makeStyle({ color: hasColors(process.stderr), links: false });

/** True when progress can be redrawn on stderr. */
const isLive = process.stderr.isTTY && process.env["CI"] === undefined && process.env["TERM"] !== "dumb";
let screen: Screen | undefined;
async function openScreen(): Promise<Screen> {
  const live = await import("./report/screen.ts");
  return (screen ??= live.openScreen(process.stderr, isForeground));
}
process.on("exit", () => screen?.pause());

const writeTo = (stream: NodeJS.WriteStream) => (text: string) => {
  const write = () => void stream.write(text);
  if (screen === undefined) write();
  else screen.print(write);
};
/** What the runner of GitHub Actions reads, unless it goes to a file, has no commands of others. */
const withoutCommands = (text: string) => actions?.plain(text) ?? text;
const writeResult = writeTo(process.stdout);
const isResultFile = actions !== undefined && fstatSync(1).isFile();
const resultStyle = makeStyle({ color: hasColors(process.stdout), links: false });
/** No terminal obeys what stands in a result, but for our colors in one that a function makes. */
const print: Context["print"] = (result) => {
  const text =
    typeof result === "string"
      ? showControls(mask(result))
      : typeof result === "function"
        ? mask(result(resultStyle))
        : result.toText(mask);
  writeResult(isResultFile ? text : withoutCommands(text));
};
const writeLog = writeTo(process.stderr);
/** For texts with our colors; texts of others have no control characters here. */
const log = (text: string) => writeLog(withoutCommands(mask(text)));
const report = makeReport({
  ...{ host, actions, color: hasColors(process.stderr), print: log, result: print },
  openScreen: isLive ? openScreen : undefined,
});

/** The shell of the person at the terminal; undefined when there is none to type. */
const { CI: ci, SHELL: ownShell = "sh", TERM: term = "dumb" } = process.env;
const shell = isatty(0) && isatty(2) && ci === undefined ? { program: ownShell, term } : undefined;

/** The project's folder, which errors name files in; undefined until a command asks for the project. */
let projectRoot: string | undefined;
async function project(): Promise<Project> {
  const found = await findProject(process.cwd(), packageRoot, host);
  projectRoot = found.root;
  return found;
}

const stops = { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;
/** The signal that ends the program. */
let stopped: keyof typeof stops | undefined;

/**
 * Shows a failure: its message, what to type next and what prints its page; the stack of a bug.
 * Returns the exit code.
 */
function showError(thrown: unknown): number {
  const error = explainRefusal(thrown);
  const explain = stopped === undefined ? explainCommand(error instanceof BuildError ? error : { code: "bug" }) : undefined;
  const more = explain === undefined ? "" : style.dim(`  more: ${explain}\n`);
  if (!(error instanceof BuildError)) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log(`${style.failed(showControls(what))}\nThis is a bug in kovn-build.\n${more}`);
    return 1;
  }
  actions?.annotate(error, projectRoot);
  const hint = error.hint === undefined ? "" : `  -> ${showControls(error.hint)}\n`;
  log(`${style.failed(cutLines(showControls(error.message)))}\n${hint}${more}`);
  return exitCode(error);
}

/** Returns this command line, ready to type again. */
function ownCommand(): string {
  return quoteWords(["kovn-build", ...args]);
}

/**
 * Ends everything that runs; the command then fails. What still hangs after four seconds (on a dead
 * file system, say) is left behind, and what is not removed by then is left to the next run.
 */
function stop(signal: keyof typeof stops): void {
  stopped ??= signal;
  abort.abort(new BuildError("build", "Interrupted. dist/ is unchanged.", { hint: ownCommand() }));
  setTimeout(() => {
    // The command has not ended: it still removes something, or waits.
    if (process.exitCode === undefined)
      showError(
        new BuildError("build", "Interrupted. dist/ is unchanged. The next run removes what is left.", { hint: ownCommand() }),
      );
    // The process would wait for a thread that hangs, so the signal itself ends it.
    process.on("exit", () => {
      process.removeAllListeners(signal);
      if (process.platform !== "win32") process.kill(process.pid, signal);
    });
    // oxlint-disable-next-line no-process-exit
    process.exit(stops[signal]);
  }, 4000).unref();
}

/** Ctrl-Z: stops everything that runs, until `fg`. */
function suspend(): void {
  screen?.pause();
  whileStopped(() => {
    process.off("SIGTSTP", suspend);
    // Without a listener this stops the process, and returns when it is continued; at once where no
    // shell could continue it.
    process.kill(process.pid, "SIGTSTP");
    process.on("SIGTSTP", suspend);
  });
  screen?.resume();
}
process.on("SIGTSTP", suspend);

for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.on(signal, () => stop(signal));
// The reader of our output, or the terminal, is gone.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => stop("SIGPIPE"));

process.umask(0o022);
let machine: Machine | undefined;
try {
  const context = {
    version: packageVersion,
    node: process.versions.node,
    // Read when it is asked for: help does not.
    get machine() {
      return (machine ??= thisMachine());
    },
    host,
    github,
    exposed,
    actions,
    shell,
    project,
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    print,
    report,
  };
  await runProgram(args, context, verbs);
} catch (error) {
  process.exitCode = stopped === undefined ? showError(error) : stops[stopped];
  if (stopped !== undefined) showError(abort.signal.reason);
}
