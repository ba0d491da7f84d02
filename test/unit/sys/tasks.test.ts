import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import type { Task, TaskEvent } from "../../../src/sys/task.ts";
import { runTasks, type RunningTask, type TaskOptions } from "../../../src/sys/tasks.ts";

/** Runs work as tasks. Returns the events, what ran at a moment, and how it ended. */
function watch(options: Partial<TaskOptions> = {}) {
  const events: TaskEvent[] = [];
  let running: () => readonly RunningTask[] = () => [];
  let isEnded = false;
  const view = { start: (now: typeof running) => void (running = now), end: () => void (isEnded = true) };
  const { signal } = new AbortController();
  const run = async <T>(work: (task: Task) => Promise<T>) =>
    runTasks(work, { view, emit: (event) => void events.push(event), signal, ...options });
  return {
    run,
    events,
    titles: () => running().map(({ title, said }) => (said === undefined ? title : `${title}: ${said}`)),
    isEnded: () => isEnded,
  };
}

/** The starts and ends of tasks, such as `start a` and `done a`. */
function order(events: readonly TaskEvent[]): readonly string[] {
  const titles = new Map<number, string>();
  return events.flatMap((event) => {
    if (event.event === "task-start") {
      titles.set(event.task, event.title);
      return [`start ${event.title}`];
    }
    return event.event === "task-end" ? [`${event.outcome} ${titles.get(event.task)}`] : [];
  });
}

describe("tasks", () => {
  test("return what the work returns, and report starts, progress and ends with their parents", async () => {
    const { run, events } = watch();
    const result = await run(async (root) =>
      root.run("a", async (a) => {
        a.say("1 of 2");
        a.say("1 of 2");
        a.notice("slow");
        return a.run("b", async () => 42, "job");
      }),
    );
    expect(result).toBe(42);
    expect(events).toEqual([
      { event: "task-start", task: 1, title: "a" },
      { event: "task-progress", task: 1, message: "1 of 2" },
      { event: "notice", message: "slow" },
      { event: "task-start", task: 2, parent: 1, title: "b", job: "job" },
      { event: "task-end", task: 2, outcome: "done", duration: expect.any(Number) },
      { event: "task-end", task: 1, outcome: "done", duration: expect.any(Number) },
    ]);
  });

  test("side by side keep the order of the tasks below each, and what fails fails all above it only", async () => {
    const { run, events } = watch();
    const steps = async (job: Task, name: string, fails: boolean) => {
      await job.run(`${name}1`, async () => sleep(20));
      await job.run(`${name}2`, async () => (fails ? Promise.reject(new Error(name)) : sleep(20)));
      await job.run(`${name}3`, async () => sleep(20));
    };
    const work = async (root: Task) => {
      const jobs = await Promise.allSettled([
        root.run("a", async (job) => steps(job, "a", true)),
        root.run("b", async (job) => steps(job, "b", false)),
      ]);
      for (const job of jobs) if (job.status === "rejected") throw job.reason;
      await root.run("dist", async () => undefined);
    };
    await expect(run(work)).rejects.toThrow(new Error("a"));
    const all = order(events);
    const of = (name: string) => all.filter((what) => what.includes(` ${name}`));
    expect(of("a")).toEqual(["start a", "start a1", "done a1", "start a2", "failed a2", "failed a"]);
    expect(of("b")).toEqual(["start b", "start b1", "done b1", "start b2", "done b2", "start b3", "done b3", "done b"]);
    expect(of("dist")).toEqual([]);
    // They ran side by side.
    expect(all.indexOf("start b1")).toBeLessThan(all.indexOf("done a1"));
  });

  test("a failure is the error itself, and the view ends after it", async () => {
    const { run, isEnded } = watch();
    const error = new TypeError("as it is");
    await expect(run(async (root) => root.run("a", async () => Promise.reject(error)))).rejects.toBe(error);
    expect(isEnded()).toBe(true);
  });

  test("that an aborted run ends are `stopped`", async () => {
    const abort = new AbortController();
    const { run, events } = watch({ signal: abort.signal });
    const work = async () => {
      abort.abort(new Error("stop"));
      abort.signal.throwIfAborted();
    };
    await expect(run(async (root) => root.run("a", work))).rejects.toThrow("stop");
    expect(order(events)).toEqual(["start a", "stopped a"]);
  });

  test("that run are listed while they run, without those that have running tasks below them", async () => {
    const { run, titles } = watch();
    await run(async (root) => {
      expect(titles()).toEqual([]);
      await Promise.all([
        root.run("a", async (a) => {
          expect(titles()).toEqual(["a"]);
          await a.run("a1", async (a1) => {
            a1.say("3 of 4");
            await sleep(20);
            expect(titles()).toEqual(["a1: 3 of 4", "b"]);
          });
          await sleep(20);
          expect(titles()).toEqual(["a"]);
        }),
        root.run("b", async () => sleep(30)),
      ]);
      expect(titles()).toEqual([]);
    });
  });

  test("hide secrets in titles, progress and notices, in events and in what is drawn", async () => {
    const mask = (text: string) => text.replaceAll("hunter22", "***");
    const { run, events, titles } = watch({ mask });
    await run(async (root) =>
      root.run("fetch hunter22", async (task) => {
        task.say("at hunter22");
        task.notice("hunter22 is slow");
        expect(titles()).toEqual(["fetch ***: at ***"]);
      }),
    );
    expect(JSON.stringify(events)).not.toContain("hunter22");
  });

  test("leave the signals of the process alone", async () => {
    const { run } = watch();
    const before = process.listenerCount("SIGINT");
    await run(async (root) => root.run("a", async () => expect(process.listenerCount("SIGINT")).toBe(before)));
    expect(process.listenerCount("SIGINT")).toBe(before);
  });

  test("write nothing themselves to stdout or stderr", async () => {
    const writes = [vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")];
    const { run } = watch();
    await run(async (root) => root.run("a", async (task) => task.say("said")));
    const counts = writes.map((write) => write.mock.calls.length);
    for (const write of writes) write.mockRestore();
    expect(counts).toEqual([0, 0]);
  });
});
