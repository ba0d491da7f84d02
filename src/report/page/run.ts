import type { TimedEvent } from "./event.ts";

type EventOf<Name extends TimedEvent["event"]> = TimedEvent & { readonly event: Name };
export type RunPlan = EventOf<"plan">;
export type RunJobPlan = RunPlan["jobs"][number];
export type Failure = EventOf<"failed">;
export type JobEnd = EventOf<"job-end">;

/** A piece of work of a run. Times are milliseconds since 1970. */
export interface RunTask {
  readonly title: string;
  readonly job: string | undefined;
  readonly start: number;
  /** When it ended; for an unfinished task, the end of the run. */
  readonly end: number;
  /** `recovered`: it failed, but what it was a part of went on and succeeded. */
  readonly outcome: "done" | "failed" | "recovered" | "stopped" | "unfinished";
  /** What it said last. */
  readonly progress: string | undefined;
  readonly tasks: readonly RunTask[];
}

export type JobState = "built" | "failed" | "stopped" | "cached" | "skipped" | "unfinished" | "not started";

/** What became of a job. */
export interface RunJob {
  readonly id: string;
  readonly planned: RunJobPlan;
  readonly state: JobState;
  /** True when its source is patched. */
  readonly isPatched: boolean;
  readonly start: EventOf<"job-start"> | undefined;
  readonly end: JobEnd | undefined;
  readonly cached: EventOf<"job-cached"> | undefined;
  readonly skipped: EventOf<"job-skipped"> | undefined;
}

/** A run, as its events describe it. */
export interface Run {
  readonly name: string;
  readonly version: string | undefined;
  /** A person stopped it; what was killed had no time to say so. */
  readonly state: "done" | "failed" | "stopped" | "running" | "killed";
  readonly start: number;
  /** When it ended, or was last seen. */
  readonly end: number;
  readonly plan: RunPlan | undefined;
  readonly done: EventOf<"done"> | undefined;
  readonly failure: Failure | undefined;
  readonly notices: readonly string[];
  /** Tasks that no other task is made of. */
  readonly tasks: readonly RunTask[];
  readonly jobs: readonly RunJob[];
}

/** What is known about a run besides its events. */
export interface Seen {
  /** True if its process runs. A run that neither ended nor runs was killed. */
  readonly isRunning: boolean;
  /** When it was last seen to do something. */
  readonly until: number;
}

/** Puts the events of a run together. */
export function makeRun(name: string, events: readonly TimedEvent[], { isRunning, until }: Seen): Run {
  const all = <Name extends TimedEvent["event"]>(wanted: Name) =>
    events.filter((event): event is EventOf<Name> => event.event === wanted);
  const [begin] = all("run");
  const done = all("done").at(-1);
  const failure = all("failed").at(-1);
  const plan = all("plan").at(-1);
  const isOver = done !== undefined || failure !== undefined;
  const start = events[0]?.time ?? until;
  const last = events.at(-1)?.time ?? until;
  const end = isOver ? last : Math.max(last, until);
  return {
    name,
    version: begin?.version,
    state: isOver ? stateOf(failure, all("job-end")) : isRunning ? "running" : "killed",
    start,
    end,
    plan,
    done,
    failure,
    notices: all("notice").map(({ message }) => message),
    tasks: makeTasks(events, end).map((task) => withRecovery(task, failure === undefined && done !== undefined)),
    jobs: (plan?.jobs ?? []).map((planned) => makeJob(planned, all)),
  };
}

/** The state of a run that is over. One that was stopped ends as failed, though nothing failed. */
function stateOf(failure: Failure | undefined, ends: readonly JobEnd[]): Run["state"] {
  if (failure === undefined) return "done";
  const has = (wanted: JobEnd["outcome"]) => ends.some(({ outcome }) => outcome === wanted);
  return has("stopped") && !has("failed") ? "stopped" : "failed";
}

function makeJob(planned: RunJobPlan, all: <Name extends TimedEvent["event"]>(wanted: Name) => readonly EventOf<Name>[]): RunJob {
  const { id } = planned;
  const isOwn = (event: { readonly job: string }) => event.job === id;
  const start = all("job-start").findLast(isOwn);
  const end = all("job-end").findLast(isOwn);
  const cached = all("job-cached").findLast(isOwn);
  const skipped = all("job-skipped").findLast(isOwn);
  const isPatched = cached !== undefined || all("step-start").some(isOwn) || end?.outcome === "built";
  const state =
    end?.outcome ??
    (cached !== undefined ? "cached" : skipped !== undefined ? "skipped" : start !== undefined ? "unfinished" : "not started");
  return { id, planned, state, isPatched, start, end, cached, skipped };
}

function withRecovery(task: RunTask, isFine: boolean): RunTask {
  const outcome = task.outcome === "failed" && isFine ? "recovered" : task.outcome;
  return { ...task, outcome, tasks: task.tasks.map((one) => withRecovery(one, isFine || task.outcome === "done")) };
}

function makeTasks(events: readonly TimedEvent[], runEnd: number): readonly RunTask[] {
  const tasks = new Map<number, { -readonly [Field in keyof RunTask]: RunTask[Field] } & { tasks: RunTask[] }>();
  const roots: RunTask[] = [];
  for (const event of events)
    if (event.event === "task-start") {
      const { title, job, time: start, parent } = event;
      const task = { title, job, start, end: runEnd, outcome: "unfinished" as const, progress: undefined, tasks: [] };
      tasks.set(event.task, task);
      (tasks.get(parent ?? -1)?.tasks ?? roots).push(task);
    } else if (event.event === "task-progress") {
      const task = tasks.get(event.task);
      if (task !== undefined) task.progress = event.message;
    } else if (event.event === "task-end") {
      const task = tasks.get(event.task);
      if (task !== undefined) [task.end, task.outcome] = [event.time, event.outcome];
    }
  return roots;
}
