import { posix } from "node:path";
import { readApply, type Applied } from "./apply-command.ts";
import type { Entry } from "./order-entry.ts";
import { shellWords, type Command, type Token } from "./shell-words.ts";

/** What a script has done so far. */
interface State {
  readonly variables: Map<string, string>;
  /** Where files were downloaded from, by their names. */
  readonly downloads: Map<string, string>;
  /** Names of repositories, by the folders that they were cloned to. */
  readonly clones: Map<string, string>;
  folder: string;
  workdir: string;
}

/**
 * Reads which patches a Dockerfile or a shell script applies, in order. It knows `cd`, `git clone`,
 * downloads, and variables that the file itself sets.
 */
export function parseScript(text: string): readonly Entry[] {
  const state: State = { variables: new Map(), downloads: new Map(), clones: new Map(), folder: "", workdir: "" };
  const entries: Entry[] = [];
  for (const { comment, pipeline } of statements(shellWords(text))) {
    const isRun = pipeline[0]?.words[0] === "RUN";
    if (isRun) state.folder = state.workdir;
    const commands = pipeline.map((command) => expand(command, state.variables));
    const { applied, problem } = readApply(commands, state.downloads);
    const line = commands.at(-1)?.line ?? 1;
    if (problem !== undefined) entries.push({ name: "", line, places: placesOf(state.folder, state.clones), problem });
    const [subject, ...rest] = comment.filter((row) => row !== "");
    const say = subject === undefined ? undefined : { subject: subject.replace(/\.$/, ""), body: rest.join("\n") };
    entries.push(...applied.map((one, index) => toEntry(one, line, index === 0 ? say : undefined, state)));
    for (const command of commands) follow(command, state);
  }
  return entries;
}

function toEntry({ name, url, level, folder }: Applied, line: number, comment: Entry["comment"], state: State): Entry {
  const at = folder === undefined ? state.folder : posix.join(state.folder, folder);
  return { name, url, line, level, comment, places: placesOf(at, state.clones) };
}

/** The names of a folder: of itself or of one above, if that is a clone, with the name of the repository. */
function placesOf(folder: string, clones: ReadonlyMap<string, string>): readonly string[] {
  const parts = folder.split("/").filter((part) => part !== "" && part !== ".");
  const clone = parts.findLast((part) => clones.has(part));
  const name = clone ?? parts.at(-1);
  return name === undefined ? [] : [...new Set([name, clones.get(name) ?? name])];
}

interface Statement {
  /** The comment right above it, a line each. */
  readonly comment: readonly string[];
  readonly pipeline: readonly Command[];
}

function statements(tokens: readonly Token[]): readonly Statement[] {
  const found: Statement[] = [];
  let comment: string[] = [];
  let above: readonly string[] = [];
  let pipeline: Command[] = [];
  let words: string[] = [];
  let input: string | undefined;
  let line = 0;
  const endCommand = () => {
    if (words.length > 0) pipeline.push({ words, input, line });
    words = [];
    input = undefined;
  };
  const endStatement = () => {
    endCommand();
    if (pipeline.length > 0) found.push({ comment: above, pipeline });
    pipeline = [];
  };
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1];
    const isRedirected = before?.kind === "operator" && /^\d*(?:<<<|<<-?|>>|[<>])$/.test(before.text);
    if (token.kind === "comment") comment.push(token.text);
    else if (token.kind === "word" && isRedirected) {
      if (before.text === "<") input = token.text;
    } else if (token.kind === "word") {
      if (words.length === 0 && pipeline.length === 0) [above, comment] = [comment, []];
      if (words.length === 0) ({ line } = token);
      words.push(token.text);
    } else if (token.text === "|") endCommand();
    else if (!/[<>]/.test(token.text)) endStatement();
  }
  endStatement();
  return found;
}

/** Words before a command that change nothing of what it does here. */
const passed = /^(?:RUN|--(?:mount|network|security)=.*|sudo|time|exec|then|do|else|if|!|\{|[A-Za-z_]\w*=.*)$/;

function expand({ words, input, line }: Command, variables: ReadonlyMap<string, string>): Command {
  const value = (text: string) =>
    text.replaceAll(/\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/g, (all, long?: string, other?: string, short?: string) => {
      return variables.get(long ?? short ?? "") ?? other ?? all;
    });
  const first = words.findIndex((word) => !passed.test(word));
  // `A=b` alone sets a variable.
  const start = first < 0 ? words.length - 1 : first;
  return { words: words.slice(start).map(value), input: input === undefined ? undefined : value(input), line };
}

/** Notes what a command does besides. */
function follow({ words }: Command, state: State): void {
  const [program = "", ...rest] = words;
  const values = rest.filter((word) => !word.startsWith("-"));
  const [first = "", second] = values;
  if (program === "FROM") [state.folder, state.workdir] = ["", ""];
  else if (program === "WORKDIR") state.folder = state.workdir = posix.join(state.workdir, first);
  else if (program === "cd" || program === "pushd")
    state.folder = first.startsWith("/") ? first : posix.join(state.folder, first);
  else if (["ENV", "ARG", "export"].includes(program) || program.includes("=")) setVariables(words, state.variables);
  else if (program === "ADD" && /^https?:/.test(first)) {
    const to = values.at(-1) ?? "";
    state.downloads.set(to.endsWith("/") || second === undefined ? posix.basename(first) : posix.basename(to), first);
  } else if (program === "git" && rest.includes("clone")) {
    const url = values.findIndex((word) => /^(?:\w+:\/\/|[\w.-]+@[\w.-]+:|\.{0,2}\/)/.test(word));
    const repository = posix.basename(values[url] ?? "", ".git");
    state.clones.set(posix.basename(values[url + 1] ?? repository), repository);
  }
}

function setVariables(words: readonly string[], variables: Map<string, string>): void {
  const [program = "", name = "", ...value] = words;
  if (program === "ENV" && !name.includes("=") && value.length > 0) variables.set(name, value.join(" "));
  for (const word of words) {
    const [, key, set] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word) ?? [];
    if (key !== undefined && set !== undefined) variables.set(key, set);
  }
}
