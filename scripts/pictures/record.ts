import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import headless from "@xterm/headless";
import { execa } from "execa";

export interface Screen {
  readonly columns: number;
  readonly rows: number;
}

/** What a command wrote to a terminal. */
export interface Recording extends Screen {
  /** Each piece of output, with its time in seconds since the start. */
  readonly pieces: readonly (readonly [time: number, text: string])[];
}

/** Runs a shell command on a terminal (script(1)) and records what it writes there. */
export async function record(command: string, cwd: string, { columns, rows }: Screen): Promise<Recording> {
  const dir = await mkdtemp(join(tmpdir(), "kovn-picture-"));
  try {
    const [output, timing] = [join(dir, "output"), join(dir, "timing")];
    const inside = `stty cols ${columns} rows ${rows}; ${command}`;
    await execa("script", ["--quiet", "--log-out", output, "--log-timing", timing, "--command", inside], {
      cwd,
      env: { TERM: "xterm-256color", CI: undefined, GITHUB_ACTIONS: undefined },
      stdin: "ignore",
      stdout: "ignore",
      reject: false,
    });
    return { columns, rows, pieces: readPieces(await readFile(output), await readFile(timing, "utf8")) };
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** The log of script(1) has a line before the output, and the timing counts bytes after that. */
function readPieces(output: Buffer, timing: string): Recording["pieces"] {
  let [at, time] = [output.indexOf("\n") + 1, 0];
  return timing
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [delay, size] = line.split(" ").map(Number);
      time += delay ?? 0;
      at += size ?? 0;
      return [time, output.subarray(at - (size ?? 0), at).toString()] as const;
    });
}

/** A piece of a row in one style; colors are indexes of the palette, or undefined. */
export interface Span {
  readonly column: number;
  readonly text: string;
  readonly color: number | undefined;
  readonly isDim: boolean;
  readonly isBold: boolean;
}

/** What a terminal shows, row by row; empty rows below are left out. */
export type Shown = readonly (readonly Span[])[];

/** What the terminal showed each second, and at the end. */
export async function* screensOf({ pieces, columns, rows }: Recording): AsyncGenerator<Shown> {
  const terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true });
  let next = 0;
  for (const [index, [time, text]] of pieces.entries()) {
    await new Promise<void>((resolve) => terminal.write(text, resolve));
    if (time < next && index < pieces.length - 1) continue;
    next = time + 1;
    const buffer = terminal.buffer.active;
    const shown = Array.from({ length: rows }, (_, row) => spansOf(buffer.getLine(buffer.viewportY + row), columns));
    yield shown.slice(0, shown.findLastIndex((spans) => spans.length > 0) + 1);
  }
}

type Line = ReturnType<headless.IBuffer["getLine"]>;

function spansOf(line: Line, columns: number): readonly Span[] {
  const spans: Span[] = [];
  for (let column = 0; column < columns; column += 1) {
    const cell = line?.getCell(column);
    const text = cell?.getChars() ?? "";
    if (cell === undefined || text === "" || text === " ") continue;
    const style = {
      color: cell.isFgPalette() ? cell.getFgColor() : undefined,
      isDim: cell.isDim() !== 0,
      isBold: cell.isBold() !== 0,
    };
    const last = spans.at(-1);
    const gap = last === undefined ? Infinity : column - last.column - Array.from(last.text).length;
    const isSame = last?.color === style.color && last?.isDim === style.isDim && last?.isBold === style.isBold;
    if (last !== undefined && isSame && gap <= 1)
      spans[spans.length - 1] = { ...last, text: `${last.text}${" ".repeat(gap)}${text}` };
    else spans.push({ column, text, ...style });
  }
  return spans;
}
