import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import { tryExec, type Host } from "../sys/exec.ts";
import { isFile } from "../sys/files.ts";
import { readText } from "../sys/read-file.ts";
import { cutLines } from "../sys/text.ts";

/** Lines of a report that are shown. */
const mostLines = 12;
/** Bytes of a report. */
const largest = 8_000_000;
/** Seconds, after which diffoscope opens no more archives, and after which it is stopped. */
const [deepest, longest] = [300, 900];

/** Two files that should be the same. */
export interface Different {
  /** The file, relative to the folder of its build. */
  readonly file: string;
  readonly first: string;
  readonly second: string;
}

/**
 * Lets diffoscope explain how two files differ: the first lines of its report, which is kept below
 * `folder`. Returns undefined where it is not installed.
 */
export async function explainDifference(
  { file, first, second }: Different,
  folder: string,
  host: Host,
): Promise<readonly string[] | undefined> {
  const report = join(folder, `${file}.txt`);
  await mkdir(dirname(report), { recursive: true });
  const limits = ["--timeout", String(deepest), "--max-text-report-size", String(largest)];
  const options = { host, env: { LC_ALL: "C.UTF-8" }, timeout: longest * 1000 };
  try {
    const done = await tryExec("diffoscope", ["--no-progress", ...limits, "--text", report, first, second], options);
    if (done === undefined) return undefined;
    if (!(await isFile(report))) return [`diffoscope failed: ${cutLines(done.stderr.trim().split("\n").at(-1) ?? "")}`];
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return [error.message];
  }
  const lines = (await readText(report, "a log")).split("\n").filter((line) => line.trim() !== "");
  return [...lines.slice(0, mostLines).map(cutLines), `The whole report of diffoscope is ${report}`];
}
