import type { Run, RunTask } from "./run.ts";

/** An event of the Trace Event Format, which Perfetto and Chromium's `chrome://tracing` read. */
type TraceEvent = Readonly<Record<string, string | number | Readonly<Record<string, string | number>>>>;

/** All of a run is in one process of the trace, each job and what runs beside others in a thread. */
const pid = 1;

/** Writes a run as a trace: a slice for each task, from its start to its end, in microseconds. */
export function makeTrace(run: Run): string {
  const lanes = lanesOf(run.tasks);
  const traceEvents: readonly TraceEvent[] = [
    { ph: "M", pid, tid: 0, name: "process_name", args: { name: `kovn-build ${run.name}` } },
    ...lanes.flatMap(({ name, tasks }, index): readonly TraceEvent[] => [
      { ph: "M", pid, tid: index + 1, name: "thread_name", args: { name } },
      { ph: "M", pid, tid: index + 1, name: "thread_sort_index", args: { sort_index: index } },
      ...tasks.map((task) => sliceOf(task, run, index + 1)),
    ]),
    ...run.jobs.flatMap(({ id, cached }) =>
      cached === undefined
        ? []
        : [{ ph: "i", s: "p", pid, tid: 1, ts: (cached.time - run.start) * 1000, name: `${id}: cached`, cat: "job" }],
    ),
  ];
  return `${JSON.stringify({ traceEvents, displayTimeUnit: "ms", otherData: { run: run.name, state: run.state } })}\n`;
}

interface Lane {
  readonly name: string;
  readonly tasks: RunTask[];
}

/**
 * Puts tasks into lanes: in one lane, a slice lies beside others or wholly in one. A task goes into
 * the lane of the task that it is a part of, unless another part is in its way.
 */
function lanesOf(roots: readonly RunTask[]): readonly Lane[] {
  const lanes: Lane[] = [];
  const place = (task: RunTask, parents: readonly RunTask[], lane: Lane | undefined) => {
    const fits = (one: Lane) =>
      one.tasks.every((other) => parents.includes(other) || other.end <= task.start || task.end <= other.start);
    const own = task.job !== undefined && task.job !== parents[0]?.job ? undefined : lane;
    let found = own !== undefined && fits(own) ? own : lanes.find((one) => one.name === (task.job ?? "run") && fits(one));
    if (found === undefined) lanes.push((found = { name: task.job ?? "run", tasks: [] }));
    found.tasks.push(task);
    for (const below of task.tasks) place(below, [task, ...parents], found);
  };
  for (const root of roots) place(root, [], undefined);
  return lanes;
}

function sliceOf({ title, job, start, end, outcome, progress }: RunTask, run: Run, tid: number): TraceEvent {
  const args = { outcome, ...(job === undefined ? {} : { job }), ...(progress === undefined ? {} : { progress }) };
  const cat = job === undefined ? "task" : "job";
  return { ph: "X", pid, tid, ts: (start - run.start) * 1000, dur: (end - start) * 1000, name: title, cat, args };
}
