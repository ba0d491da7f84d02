import {
  Listr,
  ListrTaskEventType,
  SilentRenderer,
  type ListrContext,
  type ListrRenderer,
  type ListrRendererFactory,
  type ListrTask,
  type ListrTaskObject,
} from "listr2";
import type { Task, TaskEvent } from "./task.ts";

/** A running task that has no running task below it. */
export interface RunningTask {
  readonly title: string;
  readonly job?: string;
  /** A time of `performance.now()`. */
  readonly started: number;
  /** What it said last. */
  readonly said?: string;
}

/** Draws the tree of tasks while it runs. */
export interface View {
  /** Called once, before the first task. `running` lists what runs at the moment, oldest first. */
  start(running: () => readonly RunningTask[]): void;
  /** Called when the last task has ended. */
  end(): void;
}

export interface TaskOptions {
  readonly view: View;
  readonly emit: (event: TaskEvent) => void;
  /** Work that ends because of this signal is `stopped`, not `failed`. */
  readonly signal: AbortSignal;
  /** Removes secrets from what tasks show. */
  readonly mask?: ((text: string) => string) | undefined;
}

/** A task of listr2, of any renderer. */
type Node = ListrTaskObject<ListrContext>;

/** Runs `work` as the root of a tree of tasks. Returns or throws what it does. */
export async function runTasks<T>(work: (task: Task) => Promise<T>, options: TaskOptions): Promise<T> {
  const { view, emit, signal, mask = (text) => text } = options;
  const details = new WeakMap<Node, Omit<RunningTask, "said">>();
  let count = 0;

  const taskOf = (node: Node, id?: number): Task => ({
    say: (text) => {
      const message = mask(text);
      if (id === undefined || node.output === message) return;
      node.output = message;
      emit({ event: "task-progress", task: id, message });
    },
    notice: (text) => emit({ event: "notice", message: mask(text) }),
    run: async (text, below, job) => {
      const title = mask(text);
      count += 1;
      const task = count;
      const started = performance.now();
      const ofJob = job === undefined ? {} : { job };
      emit({ event: "task-start", task, ...(id === undefined ? {} : { parent: id }), title, ...ofJob });
      const end = (outcome: "done" | "failed" | "stopped") =>
        emit({ event: "task-end", task, outcome, duration: Math.round(performance.now() - started) });
      try {
        const result = await runList({ renderer: SilentRenderer, title, parent: node }, async (child) => {
          details.set(child, { title, started, ...ofJob });
          return below(taskOf(child, task));
        });
        end("done");
        return result;
      } catch (error) {
        end(signal.aborted ? "stopped" : "failed");
        throw error;
      }
    },
  });

  const running = (node: Node): readonly RunningTask[] => {
    if (!node.isStarted()) return [];
    const below = (node.subtasks ?? []).flatMap(running);
    const own = details.get(node);
    if (below.length > 0 || own === undefined) return below;
    return [node.output === undefined ? own : { ...own, said: node.output }];
  };

  class Renderer implements ListrRenderer {
    static readonly nonTTY = true;
    static readonly rendererOptions: object = {};
    static readonly rendererTaskOptions: object = {};
    readonly #tasks: readonly Node[];
    constructor(tasks: readonly Node[]) {
      this.#tasks = tasks;
    }
    render(): void {
      view.start(() => this.#tasks.flatMap(running));
    }
    end(): void {
      view.end();
    }
  }
  return runList({ renderer: Renderer }, async (root) => work(taskOf(root)));
}

interface ListOptions {
  readonly renderer: ListrRendererFactory;
  readonly title?: string;
  readonly parent?: Node;
}

/**
 * Runs `work` as a list of one task, below a running one or at the root. A list takes the options
 * that it does not set from its parent, so all are set here. listr2's own signal handler would exit.
 */
async function runList<T>({ renderer, title, parent }: ListOptions, work: (node: Node) => Promise<T>): Promise<T> {
  let result: { readonly value: T } | undefined;
  const task: ListrTask<ListrContext, ListrRendererFactory, ListrRendererFactory> = {
    ...(title === undefined ? {} : { title }),
    task: async (_context, wrapper) => {
      result = { value: await work(wrapper.task) };
    },
  };
  const options = { renderer, concurrent: false, exitOnError: true, registerSignalListeners: false } as const;
  const list = new Listr<ListrContext, ListrRendererFactory, ListrRendererFactory>([task], options, parent);
  if (parent !== undefined) {
    parent.subtasks = [...(parent.subtasks ?? []), ...list.tasks];
    parent.emit(ListrTaskEventType.SUBTASK, parent.subtasks);
  }
  try {
    await list.run();
  } finally {
    // Otherwise a long run keeps each task that has ended, and what it returned.
    if (parent !== undefined) parent.subtasks = parent.subtasks.filter((one) => !list.tasks.includes(one));
  }
  if (result === undefined) throw new Error("listr2 did not run the task");
  return result.value;
}
