import { BuildError, joinProblems } from "../../errors.ts";

/**
 * Does work for each element, one after the other, and joins the results. Throws what is wrong with
 * all project files together; any other error at once.
 */
export async function collect<T, R>(list: readonly T[], work: (one: T) => Promise<readonly R[]>): Promise<readonly R[]> {
  const results: R[] = [];
  const problems: BuildError[] = [];
  for (const one of list)
    try {
      results.push(...(await work(one)));
    } catch (error) {
      if (!(error instanceof BuildError) || error.code !== "project") throw error;
      problems.push(error);
    }
  const [first, ...others] = problems;
  if (first !== undefined) throw joinProblems([first, ...others]);
  return results;
}
