/** A test of an autotest suite ("test group" in the Autoconf manual, "Testsuite Scripts"). */
export interface Test {
  /** The suite's program, a path in the source tree such as `tests/testsuite`. */
  readonly program: string;
  /** Its number in that program. Another build of the program may number its tests differently. */
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

/**
 * How a test ended. `where` is the file and line where it stopped, unless it passed; a macro may
 * put other words there.
 */
export interface Result {
  readonly outcome: (typeof outcomes)[keyof typeof outcomes];
  readonly where?: string;
}

/** True for an outcome that autotest counts against the suite. */
export function isFailure({ outcome }: Result): boolean {
  return outcome === "failed" || outcome === "unexpected pass";
}

/** A test's id in results: its number, with the program's name where that is not `testsuite`. */
export function testId({ program, number }: Pick<Test, "program" | "number">): string {
  const name = program.slice(program.lastIndexOf("/") + 1);
  return name === "testsuite" ? String(number) : `${name.replace(/-testsuite$/, "")}:${number}`;
}

/**
 * Reads the output of `testsuite --list`: lines of `NUM: FILE-NAME:LINE  TITLE`, some followed by a
 * line of keywords.
 */
export function parseList(text: string, program: string): readonly Test[] {
  return text.split("\n").flatMap((row) => {
    const [, number, file, line, title] = /^ *(\d+): (\S+):(\d+) +(.*)$/.exec(row) ?? [];
    if (file === undefined || title === undefined) return [];
    return [{ program, number: Number(number), file, line: Number(line), title }];
  });
}

const words = Object.keys(outcomes).join("|");
/**
 * `NUM. TITLE (FILE:LINE): OUTCOME (FILE:LINE)`. In the log of a single test, `NUM. FILE:LINE: `
 * comes first. After `ok` there are times.
 */
const logLine = new RegExp(`^(\\d+)\\. .* \\(\\S+:\\d+\\): (${words})(?:\\s+\\((.*)\\))?`);
/** `NUM: TITLE  OUTCOME`, as a running suite prints it. */
const shownLine = new RegExp(`^ *(\\d+): .* (${words})(?: \\((.*)\\))?\\s*$`);

/**
 * The results by number in a suite's log (`testsuite.log`, even an unfinished one) or in the log of
 * a single test.
 */
export function parseLog(text: string): ReadonlyMap<number, Result> {
  return new Map(text.split("\n").flatMap((line) => readLine(logLine, line)));
}

/** The result in a line of a running suite's output, if there is one. */
export function parseShown(line: string): readonly [number, Result] | undefined {
  return readLine(shownLine, line)[0];
}

function readLine(form: RegExp, line: string): readonly (readonly [number, Result])[] {
  const [, number, word, where] = form.exec(line) ?? [];
  if (word === undefined) return [];
  const outcome = outcomes[word as keyof typeof outcomes];
  return [[Number(number), { outcome, ...(where === undefined || outcome === "passed" ? {} : { where }) }]];
}

/** Numbers in the form that a suite expects: `1-5 7 9-12`. */
export function asRanges(numbers: readonly number[]): readonly string[] {
  const ranges: { first: number; last: number }[] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range !== undefined && number === range.last + 1) range.last = number;
    else ranges.push({ first: number, last: number });
  }
  return ranges.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`));
}

/**
 * The same test in another build of the suite: the same program, file and title, and the same
 * position among tests that share these.
 */
export function sameTest(test: Test, own: readonly Test[], others: readonly Test[]): Test | undefined {
  const isTwin = (other: Test) => other.program === test.program && other.file === test.file && other.title === test.title;
  const position = own.filter(isTwin).findIndex((twin) => twin.number === test.number);
  return others.filter(isTwin)[position];
}
