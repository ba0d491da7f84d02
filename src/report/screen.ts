import stringWidth from "string-width";

/** Returns the lines to draw on a screen of that size; each fits its columns, all fit its rows but one. */
export type Draw = (size: Size) => readonly string[];

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What a screen needs of a terminal, such as `process.stderr`. */
export interface Terminal {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly write: (text: string) => unknown;
  readonly on: (event: "resize", listener: () => void) => unknown;
}

/** The lines below all that is printed on a terminal, which change in place. */
export interface Screen {
  /** Draws the lines now, four times a second and after each resize; `undefined` removes them. */
  readonly show: (draw: Draw | undefined) => void;
  /** Removes the lines while `print` runs, so that it prints above them. */
  readonly print: (print: () => void) => void;
  /** Removes the lines until `resume`. */
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Milliseconds between two drawings. */
const interval = 250;

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";
const clearLine = "\u001b[K";
const clearBelow = "\u001b[J";
const up = (lines: number) => (lines > 0 ? `\u001b[${lines}A` : "");

/**
 * Takes a terminal over. Nothing is drawn while `isForeground` is false: the terminal is then
 * someone else's.
 */
export function openScreen(terminal: Terminal, isForeground: () => boolean): Screen {
  let draw: Draw | undefined;
  let isPaused = false;
  /** What is drawn at the moment. The cursor is on the line below. */
  let drawn: readonly string[] = [];
  let timer: NodeJS.Timeout | undefined;

  // A terminal without a size says 0 or nothing.
  const size = () => ({ columns: terminal.columns || 80, rows: terminal.rows || 24 });
  /** Moves the cursor to the first line. A terminal that became narrower has wrapped the lines. */
  const toStart = () => {
    const { columns, rows } = size();
    const height = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(stringWidth(line) / columns)), 0);
    return `\r${up(Math.min(height, rows - 1))}`;
  };
  const remove = () => {
    if (drawn.length > 0) terminal.write(`${toStart()}${clearBelow}${showCursor}`);
    drawn = [];
  };
  const redraw = () => {
    if (draw === undefined || isPaused || !isForeground()) return;
    const lines = draw(size());
    if (lines.length === 0) return remove();
    const text = lines.map((line) => `${line}${clearLine}\n`).join("");
    terminal.write(`${hideCursor}${toStart()}${text}${clearBelow}`);
    drawn = lines;
  };
  terminal.on("resize", redraw);

  return {
    show: (next) => {
      draw = next;
      clearInterval(timer);
      if (draw === undefined) return remove();
      timer = setInterval(redraw, interval).unref();
      redraw();
    },
    print: (print) => {
      remove();
      print();
      redraw();
    },
    pause: () => {
      isPaused = true;
      remove();
    },
    resume: () => {
      isPaused = false;
      redraw();
    },
  };
}
