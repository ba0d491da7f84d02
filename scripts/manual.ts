import { readFile } from "node:fs/promises";
import { describeCommands, type DescribedCommand, type DescribedWord } from "./commands.ts";

const exitCodes = "docs/cli.md";

/**
 * Writes the manual page, for man(1): the commands as `docs/cli.md` has them, and its exit codes. The
 * page has no date and no version, which would change it when no command changed.
 */
export async function manualPage(): Promise<string> {
  const commands = await describeCommands();
  const codes = exitCodesOf(await readFile(exitCodes, "utf8"));
  return `${[
    `.\\" Written by \`npm run docs\`.`,
    `.TH KOVN\\-BUILD 1 "" "kovn\\-build" "User Commands"`,
    // Without hyphens at the end of a line, words can be searched and copied.
    ".nh",
    ".ad l",
    ".SH NAME",
    "kovn\\-build \\- build the patched Open vSwitch and OVN that Kube\\-OVN ships",
    ".SH SYNOPSIS",
    ...["[OPTION]...", "COMMAND [ARGUMENT]... [OPTION]..."].flatMap((rest, index) => [
      ...(index === 0 ? [] : [".br"]),
      `.B kovn\\-build\n${escape(rest)}`,
    ]),
    ".SH DESCRIPTION",
    paragraphs.map(inRoff).join("\n.PP\n"),
    ".SH COMMANDS",
    ...commands.map(showCommand),
    `.SH "EXIT STATUS"`,
    ...codes.map(showWord),
    ".SH ENVIRONMENT",
    ...environment.map(showWord),
    ".SH FILES",
    ...files.map(showWord),
    `.SH "SEE ALSO"`,
    "The folder \\fIdocs\\fR of the package, which explains by task.",
    ".PP\n.BR git (1),\n.BR apt (8),\n.BR mmdebstrap (1),\n.BR ccache (1),\n.BR distcc (1)",
  ].join("\n")}\n`;
}

const paragraphs = [
  "`kovn-build` takes Open vSwitch and OVN from upstream at pinned commits, applies a series of patches to each, and builds Debian packages and programs for Windows. It reads `patches/` and `pipelines/` of the current folder or of the nearest one above it.",
  "A command line that starts with an option runs `kovn-build build`. An empty one runs `kovn-build status` in a project, and shows help elsewhere. Results go to stdout, progress and messages to stderr.",
];

const environment: readonly DescribedWord[] = [
  { word: "KOVN_MIRROR", meaning: "Words of `--mirror`, with spaces between them, for where the option is not given." },
  { word: "NO_COLOR, FORCE_COLOR, CI", meaning: "Honoured as elsewhere: no colors, colors, no live view." },
  { word: "GITHUB_TOKEN", meaning: "Token for `publish --to github`." },
];

const files: readonly DescribedWord[] = [
  { word: "patches/lines.yaml", meaning: "The release lines; the default one." },
  { word: "patches/<line>/<source>/", meaning: "A source: `source.yaml`, `series`, and its patches." },
  { word: "pipelines/*.yaml", meaning: "The jobs of each target." },
  { word: "release.yaml", meaning: "Where `publish` publishes to, and what may be published." },
  { word: "dist/<target>[-<variant>]/artifacts.json", meaning: "What was built, and from what; the artifacts are beside it." },
  { word: ".kovn/", meaning: "The cache, the runs with their logs, and clones of upstream." },
];

/** The table of exit codes of a page. */
function exitCodesOf(page: string): readonly DescribedWord[] {
  const rows = [...page.matchAll(/^\| (\d[\d, ]*) \| (.*) \|$/gm)].map(([, word = "", meaning = ""]) => ({ word, meaning }));
  if (rows.length === 0) throw new Error(`${exitCodes} has no table of exit codes`);
  return rows;
}

function showCommand({ path, sentence, usage, args, options, examples }: DescribedCommand): string {
  return [
    `.SS "${escape(path.replace(/^\S+ /, ""))}"`,
    inRoff(sentence),
    `.PP\n.B ${escape(usage)}`,
    ...[...args, ...options].map(showWord),
    ...(examples.length === 0 ? [] : [".PP\n.RS\n.nf", ...examples.map(escapeLine), ".fi\n.RE"]),
  ].join("\n");
}

function showWord({ word, meaning }: DescribedWord): string {
  return `.TP\n.B ${escape(word)}\n${inRoff(meaning)}`;
}

/** Text of which the parts between backticks are set in bold type. */
function inRoff(text: string): string {
  const parts = text.split("`").map((part, index) => (index % 2 === 0 ? escape(part) : `\\fB${escape(part)}\\fR`));
  return guard(parts.join(""));
}

function escapeLine(text: string): string {
  return guard(escape(text));
}

/** Text that roff sets as it is: `-` stays the character that is typed, not a typographic hyphen. */
function escape(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll('"', "\\(dq")
    .replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti");
}

/** A line that is no request, even if it starts with a dot. */
function guard(line: string): string {
  return line.startsWith(".") ? `\\&${line}` : line;
}
