// Draws the pictures of README from a real build: `npm run pictures -- FOLDER [OPTIONS OF BUILD]`.
// FOLDER gets a copy of the project; its path is in the pictures, so choose a short one.
import { appendFile, cp, mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { record, screensOf, type Recording, type Shown } from "./record.ts";
import { drawScreen } from "./svg.ts";

const [folder = "", ...options] = process.argv.slice(2);
const pictures = resolve("docs/pictures");
const screen = { columns: 100, rows: 24 };

/** What a person types, and what is run. */
async function shoot(words: string): Promise<Recording> {
  const program = `node ${resolve("build/cli.js")} ${[words, ...options].join(" ")}`;
  return record(`printf '\\033[1m$ npx kovn-build ${words}\\033[0m\\n'; ${program}`, folder, screen);
}

async function draw(name: string, rows: Shown, title: string): Promise<void> {
  await mkdir(pictures, { recursive: true });
  await writeFile(join(pictures, `${name}.svg`), drawScreen(rows, screen.columns, title));
}

/** The last screen on which the most jobs run. */
async function busiest(recording: Recording): Promise<Shown> {
  let [best, most]: [Shown, number] = [[], 0];
  for await (const shown of screensOf(recording)) {
    const running = shown.filter((spans) => spans.some(({ text }) => /step \d+ of \d+: /.test(text))).length;
    if (running >= most) [best, most] = [shown, running];
  }
  return best;
}

async function last(recording: Recording): Promise<Shown> {
  let shown: Shown = [];
  for await (shown of screensOf(recording));
  return shown;
}

/** The upper part of the page of the run. */
async function drawPage(): Promise<void> {
  const { stdout: page } = await execa("node", [resolve("build/cli.js"), "report"], { cwd: folder });
  const look = ["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1100,1140"];
  await execa("chromium", [...look, `--screenshot=${join(pictures, "page.png")}`, `file://${page}`]);
}

/** Makes a mistake in a C file of Open vSwitch, as a patch at the end of the series. */
async function breakSeries(): Promise<void> {
  const tree = join(folder, "work/ovs");
  const build = (...args: readonly string[]) => execa("node", [resolve("build/cli.js"), ...args], { cwd: folder });
  const from = options.filter((_, index) => options[index] === "--from" || options[index - 1] === "--from");
  await build("patches", "apply", "ovs", tree, ...from);
  await appendFile(join(tree, "lib/ovs-numa.c"), "\nint\novs_numa_count_threads(void)\n{\n    return n_threads;\n}\n");
  const message =
    "ovs-numa: Count threads.\n\nA mistake, for a picture.\n\nOrigin: other\nForwarded: not-needed\nSeed: none\nLast-Update: 2026-11-26";
  await execa("git", ["commit", "--all", "--quiet", "-m", message], { cwd: tree });
  await build("patches", "export", "ovs", tree);
}

await cp(".", folder, {
  recursive: true,
  filter: (path) => !/^(?:\.git|\.kovn|build|dist|node_modules|work)(?:\/|$)/.test(path),
});
const live = await shoot("--target linux");
await draw(
  "live",
  await busiest(live),
  "A terminal: two jobs of kovn-build run, with their steps, times and last lines of output.",
);
await drawPage();
await breakSeries();
const failed = await shoot("--target linux --only ovs --unlocked");
await draw(
  "failure",
  await last(failed),
  "A terminal: a job of kovn-build failed; the compiler's error is shown first, then what to type next.",
);
