/**
 * How a line of a log bears on the failure: it is the `cause`, it `may` be the cause but tools print
 * such lines in good builds too, or it only says that something else failed (`after`).
 */
export type Rank = "cause" | "may" | "after";

interface Rule {
  /** Who prints such a line. */
  readonly tool: string;
  readonly pattern: RegExp;
  readonly rank: Rank;
  /** How many lines after it belong to its message. */
  readonly below?: number;
}

/** A make program at the start of a line, with its level: `make[2]: `. */
const make = String.raw`^\S*make(?:\.exe)?(?:\[\d+\])?: `;
/** A reason of the operating system, or of a shell. */
const refusal = String.raw`(?:No such file(?: or directory)?|Permission denied|Not a directory|Is a directory|File exists|Read-only file system|not found|cannot execute.*)`;

/** The first rule that a line matches decides. What only follows from another error comes first. */
const rules: readonly Rule[] = [
  { tool: "make: a recipe failed", pattern: new RegExp(String.raw`${make}\*\*\* \[.*\] Error \w+`), rank: "after" },
  { tool: "make: a program was killed", pattern: new RegExp(String.raw`${make}\*\*\* \[.*\] `), rank: "may" },
  {
    tool: "make: a rule or a file is wrong",
    pattern: new RegExp(String.raw`(?:${make}|^\S+:\d+: )\*\*\* (?!Waiting)`),
    rank: "cause",
  },
  {
    tool: "debhelper, dpkg: a program failed",
    pattern: /^(?:dh\w*|dpkg-\w+): error: .* (?:returned|failed with) exit (?:code|status) \d+/,
    rank: "after",
  },
  {
    tool: "autotools: a program failed",
    pattern: /^(?:autoreconf|autom4te|aclocal|automake|autoheader): .* failed with exit status/,
    rank: "after",
  },
  {
    tool: "gcc, clang: linking failed",
    pattern:
      /^\S+: error: (?:ld returned|linker command failed)|^\S+: (?:final link failed|all warnings being treated as errors)|^lto-wrapper\S*: .* returned \d+ exit status/,
    rank: "after",
  },
  {
    tool: "nmake, MSBuild, link: a program failed",
    pattern: /\berror (?:U1077|LNK1120|LNK1181|MSB3073|MSB6006)\s*:/,
    rank: "after",
  },
  { tool: "autotest: the sum", pattern: /^ERROR: \d+ tests? /, rank: "after" },
  { tool: "git am: a patch failed", pattern: /^Patch failed at \d+/, rank: "after" },
  { tool: "tar: something failed", pattern: /^tar: (?:Exiting with failure|Error is not recoverable)/, rank: "after" },
  { tool: "git: not in a repository", pattern: /^fatal: (?:not a git repository|No names found)/, rank: "may" },

  {
    tool: "any: the disk or the memory is full",
    pattern: /: (?:No space left on device|Disk quota exceeded|Cannot allocate memory|out of memory\b.*)$/,
    rank: "cause",
  },
  {
    tool: "compilers, as, autoconf, sphinx: an error at a line",
    pattern: /^[^\s"'][^"']*?:\d+(?::\d+)?: (?:fatal |internal compiler |runtime )?(?:[Ee]rror|ERROR|CRITICAL|SEVERE): /,
    rank: "cause",
  },
  {
    tool: "cl, MSBuild, WiX: an error with a number",
    pattern: /\b[Ee]rror [A-Z]{1,6}\d{2,5}\s*:|\(\d+(?:,\d+)?\)\s?: (?:fatal )?error\s*:/,
    rank: "cause",
  },
  { tool: "windres, ld: a syntax error", pattern: /^\S+: ?(?:\S+:)?\d+: syntax error/, rank: "cause" },
  { tool: "libxml: a syntax error", pattern: /(?::|line )\d+: \w+ error : /, rank: "cause" },
  { tool: "ld: a symbol", pattern: /: (?:undefined reference to|multiple definition of) /, rank: "cause" },
  {
    tool: "ld: anything but warnings and places",
    pattern: /^\S*\bld(?:\.\w+)?(?:\.exe)?: (?!.*(?:: in function|warning: |NOTE: ))/,
    rank: "cause",
  },
  { tool: "programs that say their name and error", pattern: /^[\w./+-]+:\s+(?:fatal error|error|fatal): /, rank: "cause" },
  { tool: "programs that say error", pattern: /^(?:error|fatal|Error|ERROR|FATAL): /, rank: "cause" },
  { tool: "git: a conflict", pattern: /^CONFLICT \(/, rank: "cause" },
  { tool: "patch", pattern: /^Hunk #\d+ FAILED at |^patch: \*\*\*\* /, rank: "cause" },
  { tool: "python: an exception", pattern: /^(?:[A-Za-z_]\w*\.)*\w+(?:Error|Exception)(?:: |$)/, rank: "cause" },
  {
    tool: "python: a missing module or script",
    pattern: /^\S*python[\d.]*(?:\.exe)?: (?:No module named|can't open file) /,
    rank: "cause",
  },
  { tool: "perl: a missing module", pattern: /^Can't locate \S+ in @INC/, rank: "cause" },
  {
    tool: "sphinx: a message of two lines",
    pattern: /^(?:Warning, treated as|Application|Configuration|Extension|Sphinx|Theme) error:$/,
    rank: "cause",
    below: 1,
  },
  { tool: "glib (wixl)", pattern: /^\*\* \(\S+:\d+\): (?:ERROR|CRITICAL) \*\*: /, rank: "cause" },
  {
    tool: "autotest, automake: a test failed",
    pattern: /^\s*\d+: .*\s(?:FAILED \(.*\)|UNEXPECTED PASS)$|^(?:FAIL|XPASS): /,
    rank: "cause",
  },
  { tool: "assert, sanitizers", pattern: /: Assertion [`'].*' failed\.$|^==\d+==ERROR: /, rank: "cause" },
  { tool: "curl", pattern: /^curl: \(\d+\) /, rank: "cause" },

  { tool: "sh (dash)", pattern: /^\S*sh: \d+: |^\S+: \d+: (?:Syntax error: |.*: parameter not set$)/, rank: "may" },
  { tool: "bash", pattern: /^\S+: (?:-c: )?line \d+: |^\S*bash: |^\S+: .*: unbound variable$/, rank: "may" },
  {
    tool: "any: a file or a program is missing",
    pattern: new RegExp(String.raw`^(?!.*\bwarning\b)[^\s:]+: .*${refusal}\)?$`, "i"),
    rank: "may",
  },
  { tool: "cmd", pattern: /is not recognized as an internal or external command/, rank: "may" },
  {
    tool: "any: a program was killed",
    pattern: /^(?:\S+: )*(?:\d+ )?(?:Segmentation fault|Killed|Aborted|Bus error|Illegal instruction)\b/,
    rank: "may",
  },
  { tool: "wixl", pattern: /^(?:Failed to|Couldn't find) /, rank: "may" },
  { tool: "perl: a program died", pattern: /^.+ at \S+ line \d+(?:\.|, )/, rank: "may" },
  { tool: "apt, dh_python3", pattern: /^E: /, rank: "may" },
  { tool: "pkg-config", pattern: /^Package '?\S+'?,? .*not found/, rank: "may" },
  { tool: "sed, awk", pattern: /^(?:sed|[gm]?awk): /, rank: "may" },
];

/** Starts of lines that match a rule and have no colon with a space. */
const starts = /^(?:Patch|Hunk|Segmentation|Killed|Aborted|Bus|Illegal|Failed|Couldn't|Package|')/;

/** False for most lines: what matches a rule has a colon and a space, such a start, or such an end. */
export function isLikely(line: string): boolean {
  return line.includes(": ") || starts.test(line) || line.endsWith("rror:") || line.endsWith("Error") || line.endsWith(".");
}

/** The rank of a line, without colors, and how many lines after it belong to it. */
export function rankOf(line: string): Pick<Rule, "rank" | "below"> | undefined {
  return rules.find(({ pattern }) => pattern.test(line));
}
