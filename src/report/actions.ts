import { randomUUID } from "node:crypto";
import { appendFileSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { BuildError } from "../errors.ts";
import type { Manifest } from "../dist/manifest.ts";
import { showControls } from "../sys/show-controls.ts";

/**
 * What a workflow step can report besides its log
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
 */
export interface Actions {
  /** URLs of the workflow and of its run, where the environment has them. */
  readonly run: Pick<Manifest["builder"], "workflow" | "run">;
  /**
   * Escapes lines that the runner would mistake for commands. For everything printed that is not a
   * command.
   */
  plain(text: string): string;
  /** Opens a collapsed group in the log, or closes it. */
  group(title: string | undefined): void;
  /** Sets an output of the step. */
  output(name: string, value: string): void;
  /** Adds Markdown to the job's summary; what does not fit is omitted, with a note. */
  summarize(markdown: string): void;
  /** Annotates the files and lines that an error is about; relative paths start from `folder`. */
  annotate(error: BuildError, folder?: string): void;
}

/** Bytes. GitHub shows nothing of a summary of more than 1 MiB. */
const longestSummary = 1_000_000;
/** Per step and kind; GitHub drops the others. */
const mostAnnotations = 10;

/**
 * Talks to the runner of GitHub Actions, through `write` and the files that the environment names.
 * `mask` removes secrets.
 * Undefined outside GitHub Actions.
 */
export function makeActions(
  env: Readonly<Record<string, string | undefined>>,
  write: (text: string) => void,
  mask: (text: string) => string,
): Actions | undefined {
  if (env["GITHUB_ACTIONS"] !== "true") return undefined;
  const clean = (text: string) => showControls(mask(text));
  const command = (name: string, properties: Readonly<Record<string, string>>, message: string) => {
    const list = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(clean(value))}`);
    write(`::${name}${list.length > 0 ? ` ${list.join(",")}` : ""}::${escapeMessage(clean(message))}\n`);
  };
  const workspace = env["GITHUB_WORKSPACE"] ?? ".";
  return {
    run: readRun(env),
    plain: (text) => text.replaceAll(/^(\s*)::/gm, "$1: :").replaceAll("##[", "# #["),
    group: (title) => (title === undefined ? command("endgroup", {}, "") : command("group", {}, title)),
    output: (name, value) => {
      const end = `end-${randomUUID()}`;
      append(env["GITHUB_OUTPUT"], `${name}<<${end}\n${mask(value)}\n${end}\n`);
    },
    summarize: (markdown) => {
      const file = env["GITHUB_STEP_SUMMARY"];
      const room = longestSummary - sizeOf(file);
      const text = `${clean(markdown).trimEnd()}\n\n`;
      append(file, Buffer.byteLength(text) <= room ? text : shorten(text, room));
    },
    annotate: (error, folder = "") => {
      if (error.at.length === 0) command("error", { title: "kovn-build" }, error.message);
      for (const { file, line, message } of error.at.slice(0, mostAnnotations)) {
        const where = {
          file: relative(resolve(workspace), resolve(folder, file)),
          ...(line === undefined ? {} : { line: String(line) }),
        };
        command("error", { ...where, title: "kovn-build" }, message ?? error.message);
      }
    },
  };
}

function readRun(env: Readonly<Record<string, string | undefined>>): Actions["run"] {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id } = env;
  const { GITHUB_WORKFLOW_REF: workflow, GITHUB_RUN_ATTEMPT: attempt = "1" } = env;
  if (server === undefined || repository === undefined || id === undefined) return {};
  const run = `${server}/${repository}/actions/runs/${id}/attempts/${attempt}`;
  return workflow === undefined ? { run } : { run, workflow: `${server}/${workflow}` };
}

function escapeMessage(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

function append(file: string | undefined, text: string): void {
  if (file !== undefined && file !== "") appendFileSync(file, text);
}

function sizeOf(file: string | undefined): number {
  return file === undefined || file === "" ? 0 : (statSync(file, { throwIfNoEntry: false })?.size ?? 0);
}

/** As many whole lines as fit. */
function shorten(text: string, room: number): string {
  const note = "\n\nThe rest is omitted here; see the log.\n\n";
  const fits = Buffer.from(text).subarray(0, Math.max(room - Buffer.byteLength(note), 0));
  const cut = fits.lastIndexOf("\n");
  return cut <= 0 ? "" : `${fits.subarray(0, cut).toString()}${note}`;
}
