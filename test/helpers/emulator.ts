import xterm from "@xterm/headless";
import type { Terminal } from "../../src/report/screen.ts";

/** A real terminal emulator, without a window. */
export interface Emulator extends Terminal {
  readonly write: (text: string) => void;
  readonly resize: (columns: number, rows: number) => Promise<void>;
  /** The lines on the screen, without empty ones at the end. */
  readonly screen: () => Promise<readonly string[]>;
  /** All lines, including those that have left the screen. */
  readonly all: () => Promise<readonly string[]>;
  readonly isCursorHidden: () => boolean;
}

/** Opens a terminal emulator. Like a terminal driver, it moves the cursor to the left at a line end. */
export function openEmulator(columns: number, rows: number): Emulator {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true });
  const listeners: (() => void)[] = [];
  let isCursorHidden = false;
  const read = async (first: number) => {
    await new Promise<void>((resolve) => terminal.write("", resolve));
    const { active } = terminal.buffer;
    const lines = Array.from({ length: active.length - first }, (_, index) => active.getLine(first + index));
    const texts = lines.map((line) => line?.translateToString(true) ?? "");
    return texts.slice(0, texts.findLastIndex((text) => text !== "") + 1);
  };
  return {
    get columns() {
      return terminal.cols;
    },
    get rows() {
      return terminal.rows;
    },
    write: (text) => {
      const hidden = text.lastIndexOf("\u001b[?25l");
      const shown = text.lastIndexOf("\u001b[?25h");
      if (hidden !== shown) isCursorHidden = hidden > shown;
      terminal.write(text);
    },
    on: (_resize, listener) => listeners.push(listener),
    resize: async (newColumns, newRows) => {
      await read(0);
      terminal.resize(newColumns, newRows);
      for (const listener of listeners) listener();
    },
    screen: () => read(terminal.buffer.active.baseY),
    all: () => read(0),
    isCursorHidden: () => isCursorHidden,
  };
}
