// What does a root cost? Open vSwitch of line 1.12, as root on a quiet Debian 12 that has what a build on the machine itself needs
// (`kovn-build doctor --target linux --root debian:12`); a quarter of an hour.
//   npm run bench:root -- --from ovs=../ovs [--rounds 2] [--root debian:12] [--work DIR] [--row scratch --row kept --row build]
// Rows can be measured one at a time: the folder of the work keeps the root and the mirrors.
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { median } from "simple-statistics";
import type { RunEvent } from "../src/index.ts";
import { checkMachine, cli, fromHere, medianSeconds, printMachine, report, run } from "./measure.ts";

const { values } = parseArgs({
  options: {
    from: { type: "string", multiple: true, default: [] },
    line: { type: "string", default: "1.12" },
    root: { type: "string", default: "debian:12" },
    rounds: { type: "string", default: "2" },
    row: { type: "string", multiple: true, default: [] },
    work: { type: "string", default: join(tmpdir(), "kovn-bench-root") },
  },
});
const rounds = Number(values.rounds);
const work = resolve(values.work);
const from = fromHere(values.from.flatMap((where) => ["--from", where]));

async function build(root: string): Promise<readonly RunEvent[]> {
  const words = ["build", "--target", "linux", "--only", "ovs", "--line", values.line, "--json", "--root", root];
  const output = await run(process.execPath, [cli, ...words, "--out", join(work, root.replace(":", "-")), ...from], work);
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as RunEvent);
}

/** Seconds of the tasks whose titles start so. */
function secondsOf(events: readonly RunEvent[], title: string): number {
  const tasks = new Set(
    events.flatMap((event) => (event.event === "task-start" && event.title.startsWith(title) ? event.task : [])),
  );
  return events.reduce(
    (sum, event) => (event.event === "task-end" && tasks.has(event.task) ? sum + event.duration / 1000 : sum),
    0,
  );
}

/** Seconds of the job; it compiles everything. */
async function compile(root: string): Promise<number> {
  await rm(join(work, ".kovn/cache"), { recursive: true, force: true });
  const [job] = (await build(root)).flatMap((event) => (event.event === "job-end" ? event : []));
  const hits = job?.compilerCache?.hits ?? 0;
  console.log(`  in ${root}: ${((job?.duration ?? Number.NaN) / 1000).toFixed(1)} s, ccache ${hits} hits`);
  return (job?.duration ?? Number.NaN) / 1000;
}

const rows: Readonly<Record<string, () => Promise<void>>> = {
  async scratch() {
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await rm(join(work, ".kovn/roots"), { recursive: true, force: true });
      const events = await build(values.root);
      const parts = ["ask for the state", "download packages", "make root"].map((title) => secondsOf(events, title));
      console.log(`  ask, download, make: ${parts.map((part) => part.toFixed(1)).join(", ")} s`);
      seconds.push(parts.reduce((sum, part) => sum + part, 0));
    }
    report(`root ${values.root} from scratch, with downloads`, median(seconds), "s", 60);
  },
  async kept() {
    for (const root of ["host", values.root]) await build(root);
    const { host, root } = await medianSeconds(5, { host: async () => build("host"), root: async () => build(values.root) });
    report("nothing to build, on the machine", host, "s");
    report(`nothing to build, in a kept ${values.root}`, root, "s");
    report("what the kept root adds", root - host, "s", 1);
  },
  async build() {
    await build(values.root);
    const times: Record<"host" | "root", number[]> = { host: [], root: [] };
    for (let round = 0; round < rounds; round++) {
      times.host.push(await compile("host"));
      times.root.push(await compile(values.root));
    }
    report("OVS without cached compilations, on the machine", median(times.host), "s");
    report(`OVS without cached compilations, in ${values.root}`, median(times.root), "s");
    report("in the root / on the machine", median(times.root) / median(times.host), "times", 1.1);
  },
};

printMachine();
await checkMachine(["linux"], ["mmdebstrap", "bwrap", "ccache"]);
await mkdir(work, { recursive: true });
for (const [name, row] of Object.entries(rows)) if (values.row.length === 0 || values.row.includes(name)) await row();
