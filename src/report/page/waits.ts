import type { Run, RunTask } from "./run.ts";

/** A stretch of time that a run spent on a task, or on none. */
export interface Wait {
  readonly task: RunTask | undefined;
  readonly time: number;
}

/** A time in which a task itself was at work, and none that it is made of. */
interface Piece {
  readonly task: RunTask;
  readonly start: number;
  readonly end: number;
}

/** Milliseconds within which one task counts as the cause of the start of the next. */
const moment = 50;

/**
 * What a run waited for, in the order of starts: at each moment one task, so that the times add up
 * to the run's; last, the time without a task. It goes back from the end: a task began because
 * another had just ended.
 */
export function waitsOf(run: Pick<Run, "tasks" | "jobs" | "start" | "end">): readonly Wait[] {
  const pieces = run.tasks.flatMap(piecesOf);
  const needs = new Map(run.jobs.map(({ id, planned }) => [id, planned.needs]));
  const times = new Map<RunTask | undefined, number>();
  const add = (task: RunTask | undefined, time: number) => times.set(task, (times.get(task) ?? 0) + time);
  let cursor = run.end;
  let job: string | undefined;
  while (cursor > run.start) {
    const piece = causeOf(pieces, cursor, needs.get(job ?? "") ?? []);
    if (piece === undefined) break;
    add(undefined, cursor - Math.min(piece.end, cursor));
    add(piece.task, Math.min(piece.end, cursor) - piece.start);
    cursor = piece.start;
    job = piece.task.job;
  }
  add(undefined, Math.max(0, cursor - run.start));
  const waits = [...times].map(([task, time]) => ({ task, time })).filter(({ time }) => time > 0);
  return waits.toSorted((a, b) => (a.task?.start ?? Infinity) - (b.task?.start ?? Infinity));
}

/**
 * The piece of work that the run waited for before `cursor`: one that ended just then, else one
 * that was at work, else the one that ended last. Of several, one of a needed job, else the oldest.
 */
function causeOf(pieces: readonly Piece[], cursor: number, needs: readonly string[]): Piece | undefined {
  const rank = ({ task, start, end }: Piece) => [
    Math.abs(end - cursor) <= moment ? 1 : 0,
    Math.min(end, cursor),
    task.job !== undefined && needs.includes(task.job) ? 1 : 0,
    -start,
  ];
  const better = (one: Piece | undefined, other: Piece) =>
    one === undefined || compareLists(rank(other), rank(one)) > 0 ? other : one;
  return pieces.filter(({ start }) => start < cursor).reduce<Piece | undefined>(better, undefined);
}

function compareLists(left: readonly number[], right: readonly number[]): number {
  const different = left.findIndex((number, index) => number !== right[index]);
  return different < 0 ? 0 : (left[different] ?? 0) - (right[different] ?? 0);
}

/** The pieces of a task and of all tasks below it. */
function piecesOf(task: RunTask): readonly Piece[] {
  const own: Piece[] = [];
  let free = task.start;
  for (const { start, end } of task.tasks.toSorted((a, b) => a.start - b.start)) {
    if (start > free) own.push({ task, start: free, end: start });
    free = Math.max(free, end);
  }
  if (task.end > free) own.push({ task, start: free, end: task.end });
  return [...own, ...task.tasks.flatMap(piecesOf)];
}
