import type { RunEvent } from "../run/events.ts";
import { forecast } from "./forecast.ts";

/** What the events so far say about a job. Times are milliseconds. */
export interface JobState {
  readonly needs: readonly string[];
  readonly expected: number | undefined;
  readonly state: "waiting" | "running" | "built" | "failed";
  /** A time of `performance.now()`; undefined for a job that waits. */
  readonly started: number | undefined;
  readonly log: string | undefined;
  readonly warnings: number;
  /** Its last line of output, unchanged; empty when there is none. */
  readonly last: string;
}

/** How far a build is. */
export interface Summary {
  readonly running: number;
  readonly waiting: number;
  readonly built: number;
  /** Jobs that were not built, including those that cannot be. */
  readonly failed: number;
  /** True when no waiting job starts any more. */
  readonly isStopping: boolean;
  /** In how many milliseconds the build will end; undefined when that is not known. */
  readonly left: number | undefined;
}

export interface JobStates {
  readonly note: (event: RunEvent) => void;
  readonly get: (job: string) => JobState | undefined;
  /** Undefined before the jobs of a build are known. `now` is a time of `performance.now()`. */
  readonly summary: (now: number) => Summary | undefined;
}

const unknown: JobState = {
  needs: [],
  expected: undefined,
  state: "waiting",
  started: undefined,
  log: undefined,
  warnings: 0,
  last: "",
};

/** Makes a record of a build's jobs from its events. */
export function makeJobStates(): JobStates {
  const jobs = new Map<string, JobState>();
  let build: { readonly parallel: number; readonly keepGoing: boolean } | undefined;
  const change = (job: string, changes: Partial<JobState>) => jobs.set(job, { ...(jobs.get(job) ?? unknown), ...changes });
  return {
    note: (event) => {
      switch (event.event) {
        case "jobs":
          build = event;
          for (const { id, needs, expected } of event.jobs) change(id, { needs, expected });
          break;
        case "job-start":
          change(event.job, { state: "running", started: performance.now(), expected: event.expected, log: event.log });
          break;
        case "output": {
          const warnings = (jobs.get(event.job)?.warnings ?? 0) + (event.warning ? 1 : 0);
          change(event.job, { last: event.line, warnings });
          break;
        }
        case "job-cached":
          change(event.job, { state: "built" });
          break;
        case "job-end":
          change(event.job, { state: event.outcome === "built" ? "built" : "failed" });
          break;
        case "job-skipped":
          change(event.job, { state: "failed" });
          break;
        default:
      }
    },
    get: (job) => jobs.get(job),
    summary: (now) => {
      if (build === undefined) return undefined;
      const { parallel, keepGoing } = build;
      const all = [...jobs].map(([id, job]) => ({ id, ...job }));
      const number = (state: JobState["state"]) => all.filter((job) => job.state === state).length;
      const failed = number("failed");
      const isStopping = failed > 0 && !keepGoing;
      const open = all
        .filter(({ state }) => state === "running" || (state === "waiting" && !isStopping))
        .map(({ id, needs, expected, started }) => ({
          id,
          needs,
          expected,
          elapsed: started === undefined ? undefined : now - started,
        }));
      const left = forecast(open, parallel);
      return { running: number("running"), waiting: number("waiting"), built: number("built"), failed, isStopping, left };
    },
  };
}
