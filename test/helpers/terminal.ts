import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import { openEmulator, type Emulator } from "./emulator.ts";
import { until } from "./processes.ts";

/** A shell with job control on a real pseudo terminal (script(1)), and what it shows. */
export interface Shell extends AsyncDisposable {
  /** Types keys, such as `fg\r` or Ctrl-Z (`\x1a`). */
  readonly type: (keys: string) => void;
  /** Waits until what is written matches, without control sequences, and returns the lines on the screen. */
  readonly shows: (pattern: RegExp) => Promise<readonly string[]>;
  /**
   * Changes the size of the terminal right after a drawing. A real one does at once what takes two
   * steps here, between which the next drawing must not come.
   */
  readonly resize: (columns: number, rows: number) => Promise<void>;
  readonly emulator: Emulator;
}

/** Starts a shell in a folder, on a terminal of that size. */
export async function openShell(cwd: string, columns: number, rows: number): Promise<Shell> {
  const emulator = openEmulator(columns, rows);
  const command = `stty cols ${columns} rows ${rows}; tty; PS1='$ ' exec bash --norc --noprofile -i`;
  const child = execa("script", ["--quiet", "--command", command, "/dev/null"], {
    ...{ cwd, env: { PATH: process.env["PATH"] ?? "", HOME: cwd, TERM: "xterm", HISTFILE: "" }, extendEnv: false },
    ...{ stdin: "pipe", encoding: "buffer", buffer: false, reject: false },
  });
  let text = "";
  child.stdout.on("data", (data: Buffer) => {
    text += data.toString();
    emulator.write(data.toString());
  });
  const type = (keys: string) => void child.stdin.write(keys);
  const shows = async (pattern: RegExp) => {
    await until(`the terminal shows ${pattern}`, () => pattern.test(stripVTControlCharacters(text)));
    text = "";
    return emulator.screen();
  };
  await shows(/\$ $/);
  const sizes = execa("sh", { stdin: "pipe" });
  const tty = (await emulator.all())[0] ?? "";
  return {
    emulator,
    type,
    shows,
    resize: async (newColumns, newRows) => {
      text = "";
      await until("the terminal is drawn", () => text !== "");
      text = "";
      await emulator.resize(newColumns, newRows);
      sizes.stdin.write(`stty -F ${tty} cols ${newColumns} rows ${newRows}\n`);
    },
    [Symbol.asyncDispose]: async () => {
      sizes.stdin.end();
      child.kill("SIGKILL");
      await Promise.all([child, sizes]);
    },
  };
}
