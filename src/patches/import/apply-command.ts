import { posix } from "node:path";
import type { Command } from "./shell-words.ts";

/** A patch that a command applies. */
export interface Applied {
  readonly name: string;
  readonly url: string | undefined;
  readonly level: number | undefined;
  /** The folder that the command goes to by itself. */
  readonly folder: string | undefined;
}

interface Read {
  readonly applied: readonly Applied[];
  readonly problem?: string;
}

const nothing: Read = { applied: [] };
const isAddress = (word: string) => /^https?:\/\//.test(word);

/**
 * Reads which patches a pipeline applies: `git apply`, `git am` or `patch`, of files, or of what is
 * piped into them. Notes what it downloads, by the name of the file.
 */
export function readApply(commands: readonly Command[], downloads: Map<string, string>): Read {
  for (const { words } of commands) noteDownload(words, downloads);
  const calls = commands.map(({ words }) => readGit(words) ?? readPatch(words));
  const at = calls.findLastIndex((call) => call !== undefined);
  const [call, last] = [calls[at], commands[at]];
  if (last === undefined || call === undefined || call.isDry) return nothing;
  const piped = commands.slice(0, at).flatMap(({ words, input }) => sourcesOf(words, input));
  if (call.refused !== undefined)
    return { applied: [], problem: `\`${call.refused}\` cannot be imported: make a patch of what it does.` };
  const named = [...call.files, ...(last.input === undefined ? [] : [last.input])];
  const names = named.length > 0 && named[0] !== "-" ? named : piped;
  if (names.length === 0)
    return {
      applied: [],
      problem: "Which patch this applies is not known. Write a series: a file with the name of one patch a line.",
    };
  const unknown = names.find((name) => /[$`]/.test(isAddress(name) ? name : posix.basename(name)));
  if (unknown !== undefined)
    return {
      applied: [],
      problem: `\`${unknown}\` is not known here. Write a series: a file with the name of one patch a line.`,
    };
  const { level, folder } = call;
  const applied = names.map((name) => {
    return { name, url: isAddress(name) ? name : downloads.get(posix.basename(name)), level, folder };
  });
  return { applied };
}

/** What a program prints, if that is known. */
function sourcesOf(words: readonly string[], input: string | undefined): readonly string[] {
  const [program = "", ...rest] = words;
  if (/^(?:curl|wget)$/.test(program)) return rest.filter(isAddress);
  if (program === "cat") return [...rest.filter((word) => !word.startsWith("-")), ...(input === undefined ? [] : [input])];
  return [];
}

function noteDownload([program = "", ...rest]: readonly string[], downloads: Map<string, string>): void {
  if (!/^(?:curl|wget)$/.test(program)) return;
  const address = rest.find(isAddress);
  if (address === undefined) return;
  const option = program === "curl" ? /^(?:-\w*o|--output)$/ : /^(?:-\w*O|--output-document)$/;
  const at = rest.findIndex((word) => option.test(word));
  const name = at < 0 ? address.replace(/[?#].*$/, "") : (rest[at + 1] ?? "");
  if (name !== "-") downloads.set(posix.basename(name), address);
}

interface Call {
  readonly files: readonly string[];
  readonly level: number | undefined;
  readonly folder: string | undefined;
  /** An option that makes another change of the patch. */
  readonly refused: string | undefined;
  /** True if it only shows or checks. */
  readonly isDry: boolean;
}

const refusedByGit = /^(?:-R|--reverse|--include(?:=.*)?|--exclude(?:=.*)?|--directory(?:=.*)?)$/;
const dryOfGit = /^--(?:check|stat|numstat|summary|abort|continue|skip|quit|show-current-patch.*)$/;

function readGit(words: readonly string[]): Call | undefined {
  if (words[0] !== "git") return undefined;
  let at = 1;
  let folder: string | undefined;
  while (words[at]?.startsWith("-") === true) {
    const option = words[at++];
    if (option === "-C") folder = words[at];
    if (option === "-C" || option === "-c") at++;
  }
  const verb = words[at++];
  if (verb !== "apply" && verb !== "am") return undefined;
  const { files, level, others } = readOptions(
    words.slice(at),
    /^-p(\d+)?$/,
    /^(?:--whitespace|--exclude|--include|--directory)$/,
  );
  const isDry = others.some((option) => dryOfGit.test(option)) && !words.includes("--apply");
  return { files, level, folder, refused: others.find((option) => refusedByGit.test(option)), isDry };
}

function readPatch(words: readonly string[]): Call | undefined {
  if (posix.basename(words[0] ?? "") !== "patch") return undefined;
  const value = /^-[A-Za-z]*[idFDoBrVzgY]$|^--(?:input|directory|fuzz|output|reject-file)$/;
  const rest = words.slice(1).flatMap((word) => (/^-i./.test(word) ? ["-i", word.slice(2)] : [word]));
  const { files, level, others, values } = readOptions(rest, /^-[A-Za-z]*p(\d+)?$|^--strip=(\d+)$/, value);
  // The first word is the file to patch, the second the patch.
  const input = [...values].flatMap(([option, name]) => (/i$|input$/.test(option) ? [name] : []));
  const folder = [...values].find(([option]) => /d$|directory$/.test(option))?.[1];
  const refused = words.find((word) => /^(?:-[A-Za-z]*R[A-Za-z]*\d*|--reverse)$/.test(word));
  return { files: input.length > 0 ? input : files.slice(1), level, folder, refused, isDry: others.includes("--dry-run") };
}

/** Sorts words: files, the level, options, and values of options that have one. */
function readOptions(words: readonly string[], levelForm: RegExp, withValue: RegExp) {
  const files: string[] = [];
  const others: string[] = [];
  const values = new Map<string, string>();
  let level: number | undefined;
  for (let at = 0; at < words.length; at++) {
    const [, long, joined] = /^(--[\w-]+)=(.*)$/.exec(words[at] ?? "") ?? [];
    const option = long !== undefined && withValue.test(long) ? long : (words[at] ?? "");
    const found = levelForm.exec(option);
    if (found !== null) level = Number(found.slice(1).find((group) => group !== undefined) ?? words[++at]);
    else if (withValue.test(option)) {
      others.push(option);
      values.set(option, option === long ? (joined ?? "") : (words[++at] ?? ""));
    } else if (option.startsWith("-") && option !== "-") others.push(option);
    else files.push(option);
  }
  return { files, level, others, values };
}
