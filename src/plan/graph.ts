import { BuildError } from "../errors.ts";
import { listOf } from "../list.ts";

/**
 * Lists the given jobs and all jobs that they need, directly or not, each after those that it
 * needs. Throws "project" for a circle.
 */
export function orderJobs(wanted: readonly string[], needsOf: (id: string) => readonly string[]): readonly string[] {
  const ordered: string[] = [];
  const visit = (id: string, path: readonly string[]): void => {
    if (ordered.includes(id)) return;
    if (path.includes(id))
      throw new BuildError(
        "project",
        `Jobs need each other in a circle: ${listOf([...path.slice(path.indexOf(id)), id], " -> ")}.`,
      );
    for (const need of needsOf(id)) visit(need, [...path, id]);
    ordered.push(id);
  };
  for (const id of wanted) visit(id, []);
  return ordered;
}
