import type { ListrTask } from "listr2";
import { describeEvent, showResult } from "./plain.ts";
import { duration, type Reporter } from "./reporter.ts";
import type { RunEvent } from "../run/events.ts";

/** A job as listr2 shows it: a promise to wait for, and the two lines that change. */
interface Row {
  readonly finish: (failure: Error | undefined) => void;
  readonly update: (change: { title?: string; output?: string }) => void;
}

/** A live list of jobs with step, elapsed time and last line; listr2 only draws, the run drives. `screen` is stderr; results go to stdout. */
export async function terminalReporter(screen: NodeJS.WriteStream, result: (text: string) => void): Promise<Reporter> {
  const { Listr, ListrLogger, ProcessOutput } = await import("listr2");
  const print = (text: string) => screen.write(text);
  const logger = new ListrLogger({ processOutput: new ProcessOutput(screen, screen) });
  const rows = new Map<string, Row>();
  const steps = new Map<string, { title: string; started: number; last: string }>();
  let ids: readonly string[] = [];
  let drawing: Promise<unknown> | undefined;

  const start = () => {
    const tasks = ids.map((id): ListrTask => ({
      title: `${id}: waits`,
      task: (_context, task) =>
        new Promise<void>((resolve, reject) => {
          rows.set(id, {
            finish: (failure) => (failure === undefined ? resolve() : reject(failure)),
            update: ({ title, output }) => {
              if (title !== undefined) task.title = title;
              if (output !== undefined) task.output = output;
            },
          });
        }),
    }));
    const list = new Listr(tasks, {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      rendererOptions: { logger, collapseErrors: false, showErrorMessage: false },
    });
    drawing = list.run();
  };
  const refresh = () => {
    for (const [id, step] of steps)
      rows.get(id)?.update({ title: `${id}: ${step.title}, ${duration(performance.now() - step.started)}`, output: step.last });
  };
  const timer = setInterval(refresh, 500);
  timer.unref();

  const emit = (event: RunEvent) => {
    switch (event.event) {
      case "plan":
        ids = event.jobs.map((job) => job.id);
        break;
      case "job-start":
        if (drawing === undefined) start();
        steps.set(event.job, { title: "patches", started: performance.now(), last: "" });
        break;
      case "step-start":
        setStep(event.job, { title: `step ${event.position} of ${event.count}, ${event.step}` });
        break;
      case "output":
        setStep(event.job, { last: event.line });
        return;
      case "job-end":
        steps.delete(event.job);
        rows.get(event.job)?.update({ title: `${event.job}: ${event.outcome}, ${duration(event.duration)}` });
        rows.get(event.job)?.finish(event.outcome === "built" ? undefined : new Error(event.outcome));
        failed.push(...event.tail.map((line) => `${event.job}| ${line}`));
        return;
      default:
        if (drawing === undefined) print(`${describeEvent(event, false)}\n`);
        else after.push(event);
    }
  };
  const failed: string[] = [];
  const after: RunEvent[] = [];
  const setStep = (job: string, change: { title?: string; last?: string }) => {
    const step = steps.get(job);
    if (step !== undefined) steps.set(job, { ...step, ...change });
  };
  return {
    emit,
    async close() {
      clearInterval(timer);
      for (const row of rows.values()) row.finish(new Error("stopped"));
      await drawing;
      for (const line of failed) print(`${line}\n`);
      for (const event of after) {
        print(`${describeEvent(event, false)}\n`);
        if (event.event === "done") result(showResult(event));
      }
    },
  };
}
