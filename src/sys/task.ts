/** A piece of work that a person can watch. */
export interface Task {
  /**
   * Runs a smaller piece of work below this one, and returns or throws what it does. `job` is set
   * for the work of a job.
   */
  readonly run: <T>(title: string, work: (task: Task) => Promise<T>, job?: string) => Promise<T>;
  /** Says what the task is doing now, such as `patch 3 of 18`, instead of what it said before. */
  readonly say: (message: string) => void;
  /** Reports what a person should know. */
  readonly notice: (message: string) => void;
}

/** What tasks report. `task` is a number of its own for each task; durations are milliseconds. */
export type TaskEvent =
  | {
      readonly event: "task-start";
      readonly task: number;
      /** Absent for a task at the top. */
      readonly parent?: number;
      readonly title: string;
      readonly job?: string;
    }
  | { readonly event: "task-progress"; readonly task: number; readonly message: string }
  | {
      readonly event: "task-end";
      readonly task: number;
      readonly outcome: "done" | "failed" | "stopped";
      readonly duration: number;
    }
  | { readonly event: "notice"; readonly message: string };

/** A task that shows nothing. */
export const quietTask: Task = {
  run: async (_title, work) => work(quietTask),
  say: () => undefined,
  notice: () => undefined,
};
