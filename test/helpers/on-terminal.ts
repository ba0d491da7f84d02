import { performance } from "node:perf_hooks";
import { execa } from "execa";
import { cli } from "./cli.ts";

/** What a command drew on a terminal. */
export interface Drawn {
  readonly exitCode: number;
  readonly text: string;
  /** Milliseconds of the longest time without a byte, from the start to the end. */
  readonly silence: number;
}

/** Runs the compiled program on a terminal of 100x30 (script(1)). */
export async function onTerminal(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Drawn> {
  const words = ["node", cli, ...args].map((word) => `'${word}'`).join(" ");
  const child = execa("script", ["--quiet", "--return", "--command", `stty cols 100 rows 30; ${words}`, "/dev/null"], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: cwd, TERM: "xterm", ...env },
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  });
  let last = performance.now();
  let silence = 0;
  const note = () => {
    const now = performance.now();
    silence = Math.max(silence, now - last);
    last = now;
  };
  child.stdout.on("data", note);
  const { exitCode, stdout } = await child;
  note();
  return { exitCode: exitCode ?? 128, text: stdout, silence };
}
