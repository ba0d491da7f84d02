/** One test of an autotest suite ("test group" in the Autoconf manual, "Testsuite Scripts"). */
export interface Test {
  /** The suite's program below the source tree, such as `tests/testsuite`. */
  readonly program: string;
  /** Its number in that program; another build of the program may number otherwise. */
  readonly number: number;
  readonly file: string;
  readonly line: number;
  readonly title: string;
}

const outcomes = {
  ok: "passed",
  skipped: "skipped",
  FAILED: "failed",
  "expected failure": "expected failure",
  "UNEXPECTED PASS": "unexpected pass",
} as const;

/** How a test ended; `where` is the file and line where it stopped (a macro may write other words there), unless it passed. */
export interface Result {
  readonly outcome: (typeof outcomes)[keyof typeof outcomes];
  readonly where?: string;
}

/** True for an outcome that autotest counts against the suite. */
export function isFailure({ outcome }: Result): boolean {
  return outcome === "failed" || outcome === "unexpected pass";
}

/** A test's name in results: its number, with its program's name where that is not the usual one. */
export function testId({ program, number }: Pick<Test, "program" | "number">): string {
  const name = program.slice(program.lastIndexOf("/") + 1);
  return name === "testsuite" ? String(number) : `${name.replace(/-testsuite$/, "")}:${number}`;
}

/** Reads what `testsuite --list` prints: `NUM: FILE-NAME:LINE  TITLE`, below some of them a line of keywords. */
export function parseList(text: string, program: string): readonly Test[] {
  return text.split("\n").flatMap((row) => {
    const [, number, file, line, title] = /^ *(\d+): (\S+):(\d+) +(.*)$/.exec(row) ?? [];
    if (file === undefined || title === undefined) return [];
    return [{ program, number: Number(number), file, line: Number(line), title }];
  });
}

const words = Object.keys(outcomes).join("|");
/** `NUM. TITLE (FILE:LINE): OUTCOME (FILE:LINE)`, in the log of a test with `NUM. FILE:LINE: ` in front; after `ok` come times. */
const logLine = new RegExp(`^(\\d+)\\. .* \\(\\S+:\\d+\\): (${words})(?:\\s+\\((.*)\\))?`);
/** `NUM: TITLE  OUTCOME`, as the suite prints it while it runs. */
const shownLine = new RegExp(`^ *(\\d+): .* (${words})(?: \\((.*)\\))?\\s*$`);

/** The results in a suite's log (`testsuite.log`, also one that is not finished) or in the log of one test, by number. */
export function parseLog(text: string): ReadonlyMap<number, Result> {
  return new Map(text.split("\n").flatMap((line) => readLine(logLine, line)));
}

/** The result that a line of a running suite tells, if it tells one. */
export function parseShown(line: string): readonly [number, Result] | undefined {
  return readLine(shownLine, line)[0];
}

function readLine(form: RegExp, line: string): readonly (readonly [number, Result])[] {
  const [, number, word, where] = form.exec(line) ?? [];
  if (word === undefined) return [];
  const outcome = outcomes[word as keyof typeof outcomes];
  return [[Number(number), { outcome, ...(where === undefined || outcome === "passed" ? {} : { where }) }]];
}

/** Numbers as a suite takes them: `1-5 7 9-12`. */
export function asRanges(numbers: readonly number[]): readonly string[] {
  const ranges: { first: number; last: number }[] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range !== undefined && number === range.last + 1) range.last = number;
    else ranges.push({ first: number, last: number });
  }
  return ranges.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`));
}

/** The same test in another build of the suite: same program, file and title, and the same one among those that share them. */
export function sameTest(test: Test, own: readonly Test[], others: readonly Test[]): Test | undefined {
  const isTwin = (other: Test) => other.program === test.program && other.file === test.file && other.title === test.title;
  const position = own.filter(isTwin).findIndex((twin) => twin.number === test.number);
  return others.filter(isTwin)[position];
}
