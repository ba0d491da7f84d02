import { describe, expect, test } from "vitest";
import { parseEvents } from "../../../../src/report/page/event.ts";
import { makeRun } from "../../../../src/report/page/run.ts";
import { makeTrace } from "../../../../src/report/page/trace.ts";
import { begin, doneEvents, lines, task } from "../../../helpers/run-folder.ts";

interface Slice {
  readonly ph: string;
  readonly name: string;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly args: Readonly<Record<string, unknown>>;
}

function trace(text: string): readonly Slice[] {
  const run = makeRun("r", parseEvents(text, String).events, { isRunning: false, until: 0 });
  return (JSON.parse(makeTrace(run)) as { readonly traceEvents: readonly Slice[] }).traceEvents;
}

const slicesOf = (all: readonly Slice[]) => all.filter(({ ph }) => ph === "X");

describe("a trace", () => {
  test("has a slice for each task in microseconds, and a thread for each job", () => {
    const all = trace(doneEvents([]));
    const threads = all.filter(({ name }) => name === "thread_name").map(({ tid, args }) => [tid, args["name"]]);
    expect(threads).toEqual([
      [1, "run"],
      [2, "ovs"],
    ]);
    expect(slicesOf(all).map(({ name, tid, ts, dur }) => [name, tid, ts, dur])).toEqual([
      ["Preparing", 1, 10_000, 1_990_000],
      ["Fetching ovs", 1, 2_000_000, 10_000_000],
      ["writing dist/linux", 1, 98_000_000, 2_000_000],
      ["ovs", 2, 12_000_000, 86_000_000],
      ["applying patches", 2, 12_000_000, 2_000_000],
      ["deb", 2, 14_000_000, 84_000_000],
    ]);
    expect(all.find(({ ph }) => ph === "i")).toMatchObject({ name: "ovn: cached", ts: 12_000_000 });
  });

  test("has no two slices in a thread that overlap without one being in the other", () => {
    const events = [
      ...task(1, "a", [0, 100]),
      ...task(2, "b", [50, 150]),
      ...task(3, "in a", [10, 60], { parent: 1 }),
      ...task(4, "beside it", [20, 90], { parent: 1 }),
      ...task(5, "late", [40, 160], { parent: 1 }),
      ...task(6, "c", [150, 200]),
    ] as const;
    const slices = slicesOf(trace(lines([0, begin], ...events.toSorted(([a], [b]) => a - b))));
    expect(slices).toHaveLength(6);
    for (const one of slices)
      for (const other of slices.filter(({ tid, ts }) => tid === one.tid && ts >= one.ts && ts < one.ts + one.dur))
        expect(other.ts + other.dur, `${one.name} and ${other.name}`).toBeLessThanOrEqual(one.ts + one.dur);
  });
});
