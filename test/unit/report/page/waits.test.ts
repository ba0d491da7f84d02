import { describe, expect, test } from "vitest";
import type { RunTask } from "../../../../src/report/page/run.ts";
import { waitsOf } from "../../../../src/report/page/waits.ts";

function aTask(title: string, [start, end]: readonly [number, number], more: Partial<RunTask> = {}): RunTask {
  return { title, job: undefined, start, end, outcome: "done", progress: undefined, tasks: [], ...more };
}

function waits(end: number, tasks: readonly RunTask[], needs: Readonly<Record<string, readonly string[]>> = {}) {
  const jobs = Object.entries(needs).map(([id, needed]) => ({ id, planned: { needs: needed } }));
  const run = { tasks, start: 0, end, jobs } as unknown as Parameters<typeof waitsOf>[0];
  return waitsOf(run).map(({ task, time }) => `${task?.title ?? "-"} ${time}`);
}

describe("what a run waited for", () => {
  test("is each of its tasks when they run one after the other, and gaps between them", () => {
    expect(waits(1000, [aTask("a", [0, 300]), aTask("b", [300, 700]), aTask("c", [800, 1000])])).toEqual([
      "a 300",
      "b 400",
      "c 200",
      "- 100",
    ]);
  });

  test("is only the longer of two that run beside each other", () => {
    expect(waits(1000, [aTask("a", [0, 300]), aTask("short", [300, 600]), aTask("long", [300, 1000])])).toEqual([
      "a 300",
      "long 700",
    ]);
  });

  test("is a task itself only while it has no other at work", () => {
    const tasks = [aTask("step 1", [100, 400]), aTask("step 2", [400, 900])];
    expect(waits(1000, [aTask("job", [0, 1000], { tasks })])).toEqual(["job 200", "step 1 300", "step 2 500"]);
  });

  test("is the needed job of one that starts before the needed one ends", () => {
    const ovs = aTask("ovs", [0, 800], { job: "ovs" });
    const other = aTask("other", [100, 700], { job: "other" });
    const ovn = aTask("ovn", [600, 1000], { job: "ovn" });
    expect(waits(1000, [other, ovs, ovn], { ovn: ["ovs"] })).toEqual(["ovs 600", "ovn 400"]);
    expect(waits(1000, [ovs, other, ovn], { ovn: ["other"] })).toEqual(["ovs 100", "other 500", "ovn 400"]);
  });

  test("is the task whose end started the next one", () => {
    const tasks = [aTask("background", [0, 900]), aTask("first", [100, 500]), aTask("second", [510, 1000])];
    expect(waits(1000, tasks)).toEqual(["background 100", "first 400", "second 490", "- 10"]);
  });

  test("is nothing in a run without tasks", () => {
    expect(waits(50, [])).toEqual(["- 50"]);
    expect(waits(0, [aTask("a", [0, 0])])).toEqual([]);
  });
});
