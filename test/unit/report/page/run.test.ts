import { describe, expect, test } from "vitest";
import { parseEvents } from "../../../../src/report/page/event.ts";
import { seriesOf } from "../../../../src/report/page/patches.ts";
import { makeRun } from "../../../../src/report/page/run.ts";
import { begin, compileEvents, conflictEvents, doneEvents, jobEnd, lines, plan, start } from "../../../helpers/run-folder.ts";

const runOf = (text: string, seen = { isRunning: false, until: 0 }) => makeRun("r", parseEvents(text, String).events, seen);
const states = (text: string) => runOf(text).jobs.map(({ id, state }) => `${id} ${state}`);
const patches = (text: string) =>
  seriesOf(runOf(text)).map((series) => `${series.jobs.join("+")}: ${series.patches.map(({ state }) => state).join(", ")}`);
const upTo = (text: string, event: string) => text.slice(0, text.indexOf(`{"event":"${event}"`));

describe("a run", () => {
  test("that succeeded has the times of its tasks, one in another", () => {
    const run = runOf(doneEvents([]));
    expect(run).toMatchObject({ state: "done", version: "0.1.0", start, end: start + 100_000 });
    expect(run.tasks.map(({ title }) => title)).toEqual(["Preparing", "Fetching ovs", "ovs", "writing dist/linux"]);
    expect(run.tasks[2]).toMatchObject({
      job: "ovs",
      end: start + 98_000,
      tasks: [{ title: "applying patches" }, { title: "deb", start: start + 14_000, outcome: "done" }],
    });
    expect(states(doneEvents([]))).toEqual(["ovs built", "ovn cached"]);
  });

  test("that succeeded has no failed tasks: what failed in it was recovered", () => {
    const text = doneEvents([]).replaceAll('"outcome":"done"', '"outcome":"failed"');
    const outcomes = runOf(text).tasks.flatMap(({ outcome, tasks }) => [outcome, ...tasks.map((task) => task.outcome)]);
    expect(new Set(outcomes)).toEqual(new Set(["recovered"]));
    expect(runOf(compileEvents).tasks.map(({ outcome }) => outcome)).toContain("failed");
  });

  test("that failed has states of jobs that did not start", () => {
    expect(runOf(compileEvents)).toMatchObject({ state: "failed", end: start + 62_002 });
    expect(states(compileEvents)).toEqual(["ovs failed", "ovn skipped"]);
    expect(states(conflictEvents)).toEqual(["ovs failed", "ovn not started"]);
  });

  test("that a person stopped did not fail", () => {
    const stopped = compileEvents.replace('"outcome":"failed"', '"outcome":"stopped"');
    expect(runOf(stopped)).toMatchObject({ state: "stopped", end: start + 62_002, jobs: [{ state: "stopped" }, {}] });
  });

  test("that was killed ends when it was last seen, with unfinished tasks", () => {
    const run = runOf(upTo(compileEvents, "job-end"), { isRunning: false, until: start + 50_000 });
    expect(run).toMatchObject({ state: "killed", end: start + 50_000 });
    expect(run.tasks).toMatchObject([{ outcome: "unfinished", end: start + 50_000 }]);
    expect(run.jobs.map(({ state }) => state)).toEqual(["unfinished", "not started"]);
  });

  test("that is running ends now", () => {
    expect(runOf(upTo(compileEvents, "job-end"), { isRunning: true, until: start + 5000 })).toMatchObject({
      state: "running",
      end: start + 5000,
    });
  });

  test("of which nothing but its name is known is one that was killed", () => {
    expect(runOf("", { isRunning: false, until: start })).toMatchObject({
      state: "killed",
      start,
      end: start,
      tasks: [],
      jobs: [],
    });
  });

  test("takes its last plan and its last word", () => {
    const later = { ...plan, variant: "later" };
    const text = lines([0, begin], [1, plan], [2, later], [3, { event: "task-end", task: 9, outcome: "done", duration: 0 }]);
    expect(runOf(text).plan?.variant).toBe("later");
  });
});

describe("the patches of a run", () => {
  test.for([
    ["are applied when the job was built or cached", doneEvents([]), ["ovs: applied, applied, applied, applied", "ovn: applied"]],
    ["are applied when a step started", compileEvents, ["ovs: applied, applied, applied, applied", "ovn: not reached"]],
    [
      "are applied before the one that failed, and not reached after it",
      conflictEvents,
      ["ovs: applied, failed, not reached, not reached", "ovn: not reached"],
    ],
    [
      "can fail among those for packages",
      conflictEvents.replace("ovs/second.patch", "ovs/packaging/rules.patch"),
      ["ovs: applied, applied, applied, failed", "ovn: not reached"],
    ],
    [
      "are not reached when the job failed for another reason",
      lines([0, begin], [1, plan], [2, jobEnd("ovs", 1, { outcome: "failed" })]),
      ["ovs: not reached, not reached, not reached, not reached", "ovn: not reached"],
    ],
  ] as const)("%s", ([_, text, expected]) => {
    expect(patches(text)).toEqual(expected);
  });

  test("are listed once for jobs with the same outcome", () => {
    const jobs = plan["jobs"] as readonly { readonly id: string }[];
    const twice = { ...plan, jobs: [...jobs, { ...jobs[0], id: "again" }] };
    expect(patches(lines([0, begin], [1, twice]))).toEqual([
      "ovs+again: not reached, not reached, not reached, not reached",
      "ovn: not reached",
    ]);
  });
});
