import { join } from "node:path";
import type { Artifact, Manifest } from "../../src/dist/manifest.ts";
import { writeFiles } from "./project.ts";

/** An event without its time. */
export type PlainEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

/** When the runs of the fixtures start: 2026-11-26 04:30:00 UTC. */
export const start = Date.UTC(2026, 10, 26, 4, 30);

const patches = (...names: readonly string[]) => names.map((name) => ({ name, sha256: "0".repeat(64) }));
const git = { kind: "git", url: "https://example.com/ovs.git", commit: "e".repeat(40) };

/** The plan of a run with jobs `ovs` and `ovn`, which needs `ovs`. */
export const plan: PlainEvent = {
  event: "plan",
  schema: 1,
  target: "linux",
  line: "1.12",
  variant: "default",
  arch: "amd64",
  flags: "-O2 -mpopcnt",
  jobs: [
    {
      id: "ovs",
      needs: [],
      key: "1",
      base: git,
      source: { name: "ovs", version: "3.1.8", revision: 7, patches: patches("first.patch", "second.patch", "third.patch") },
      packaging: patches("packaging/rules.patch"),
    },
    {
      id: "ovn",
      needs: ["ovs"],
      key: "2",
      base: { ...git, url: "https://example.com/ovn.git" },
      source: { name: "ovn", version: "22.12.3", revision: 5, patches: patches("only.patch") },
    },
  ],
};

/** The lines of an events.jsonl: each event with how many milliseconds after the start it came. */
export function lines(...events: readonly (readonly [after: number, event: object])[]): string {
  return events.map(([after, event]) => `${JSON.stringify({ ...event, time: start + after })}\n`).join("");
}

export const begin: PlainEvent = {
  event: "run",
  schema: 1,
  run: "20261126T043000Z-1",
  version: "0.1.0",
};

/** A task's start and end, for `lines`. */
export function task(number: number, title: string, [from, to]: readonly [number, number], more: object = {}) {
  const { outcome = "done", ...rest } = more as { readonly outcome?: string };
  return [
    [from, { event: "task-start", task: number, title, ...rest }],
    [to, { event: "task-end", task: number, outcome, duration: to - from }],
  ] as const;
}

/** The end of a job. */
export function jobEnd(job: string, duration: number, more: object = {}): PlainEvent {
  return {
    event: "job-end",
    job,
    outcome: "built",
    duration,
    warnings: 0,
    log: `/gone/${job}/log`,
    tail: [],
    errors: [],
    ...more,
  };
}

/** An artifact of job `ovs`: a Debian package. */
export function anArtifact(name: string, size: number, digest: string): Artifact {
  const version = `3.1.8-1+kovn7.${digest.repeat(8)}`;
  return {
    file: `${name}_${version}_amd64.deb`,
    size,
    sha256: digest.repeat(64),
    job: "ovs",
    package: name,
    version,
    architecture: "amd64",
  };
}

/** The manifest of a run of `plan`. */
export function aManifest(artifacts: readonly Artifact[], changes: Partial<Manifest> = {}): Manifest {
  const patch = { sha256: "0".repeat(64), patchId: "", seed: "none", origin: "" };
  return {
    schema: 1,
    target: "linux",
    line: "1.12",
    variant: "default",
    arch: "amd64",
    flags: "-O2 -mpopcnt",
    builder: { name: "kovn-build", version: "0.1.0", node: "20.20.2" },
    jobs: [
      {
        id: "ovs",
        key: "1",
        source: "ovs",
        version: "3.1.8",
        revision: 7,
        base: { kind: "git", url: "https://example.com/ovs.git", commit: "e".repeat(40) },
        baseCommit: "e".repeat(40),
        alternate: false,
        locked: true,
        patchedCommit: "f".repeat(40),
        patchedTree: "d".repeat(40),
        series: [
          { ...patch, name: "first.patch", subject: "First <b>change</b>" },
          { ...patch, name: "second.patch", subject: "Second change" },
          { ...patch, name: "third.patch", subject: "Third change" },
        ],
        tools: {},
        duration: 5,
      },
    ],
    artifacts,
    ...changes,
  };
}

/** The events of a run that built `ovs` and took the result of `ovn` from the cache; it took 100 s. */
export function doneEvents(artifacts: readonly Artifact[]): string {
  const inOvs = { parent: 3, job: "ovs" };
  const events = [
    [0, begin],
    ...task(1, "Preparing", [10, 2000]),
    [20, plan],
    ...task(2, "Fetching ovs", [2000, 12_000]),
    [12_000, { event: "job-cached", job: "ovn", finished: "2026-11-25T10:00:00.000Z", duration: 300_000 }],
    ...task(3, "ovs", [12_000, 98_000], { job: "ovs" }),
    [12_000, { event: "job-start", job: "ovs", log: "/gone/ovs/log", expected: 90_000, changes: ["flags: -O1 → -O2"] }],
    ...task(4, "applying patches", [12_000, 14_000], inOvs),
    [14_000, { event: "step-start", job: "ovs", step: "deb", position: 1, count: 1 }],
    ...task(5, "deb", [14_000, 98_000], inOvs),
    [98_000, jobEnd("ovs", 86_000, { warnings: 3, compilerCache: { hits: 3, misses: 368, remoteHits: 1, remoteErrors: 0 } })],
    ...task(6, "writing dist/linux", [98_000, 100_000]),
    [100_000, { event: "done", folder: "dist/linux", duration: 100_000, artifacts }],
  ] as const;
  return lines(...events.toSorted(([a], [b]) => a - b));
}

/** The events of a run in which patch `second.patch` of `ovs` did not apply. */
export const conflictEvents = lines(
  [0, begin],
  [20, plan],
  [100, { event: "task-start", task: 1, title: "ovs", job: "ovs" }],
  [100, { event: "job-start", job: "ovs", log: "/gone/ovs/log", changes: [] }],
  [900, { event: "task-progress", task: 1, message: "patch 2 of 4" }],
  [1000, jobEnd("ovs", 900, { outcome: "failed" })],
  [1000, { event: "task-end", task: 1, outcome: "failed", duration: 900 }],
  [
    1001,
    {
      event: "failed",
      code: "patch",
      message: "Patch `second.patch` (2 of 4 of `ovs`) does not apply:\n  lib/a.c, hunk at line 3: upstream changed these lines",
      hint: "kovn-build patches apply ovs DIR --until second",
      at: [{ file: "/somewhere/patches/1.12/ovs/second.patch", line: 12 }],
      duration: 1001,
    },
  ],
);

/** The events of a run in which the compiler failed in `ovs`, in line 61 of its log. */
export const compileEvents = lines(
  [0, begin],
  [20, plan],
  [100, { event: "task-start", task: 1, title: "ovs", job: "ovs" }],
  [100, { event: "job-start", job: "ovs", log: "/gone/ovs/log", changes: [] }],
  [2000, { event: "step-start", job: "ovs", step: "deb", position: 1, count: 1 }],
  [
    62_000,
    jobEnd("ovs", 61_900, {
      outcome: "failed",
      warnings: 1,
      tail: ["make: *** [Makefile:1: all] Error 2", "\u001B[31mred\u001B[0m <end>"],
      errors: [{ line: 61, text: "lib/a.c:3:1: error: expected ';' before '}' token" }],
    }),
  ],
  [62_000, { event: "task-end", task: 1, outcome: "failed", duration: 61_900 }],
  [62_001, { event: "job-skipped", job: "ovn", needs: ["ovs"] }],
  [
    62_002,
    {
      event: "failed",
      code: "build",
      message: "Job `ovs`, step 1 (deb): `make` failed.",
      hint: "less +G log",
      at: [],
      duration: 62_002,
    },
  ],
);

/** A log of 100 lines whose line 61 is the compiler's error. */
export const compileLog = Array.from({ length: 100 }, (_, index) =>
  index === 60
    ? "\u001B[1mlib/a.c:3:1: \u001B[31merror:\u001B[0m expected ';' before '}' token\n"
    : `line ${index + 1} of the log <&>\n`,
).join("");

/** Writes the folder of a run into `.kovn/runs` below `folder`, and returns its path. */
export async function writeRun(folder: string, name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const run = join(folder, ".kovn/runs", name);
  await writeFiles(run, files);
  return run;
}
