import { unknownName } from "../config/names.ts";
import { readPipelines } from "../config/pipeline.ts";
import { pickLine } from "../config/lines.ts";
import type { Project } from "../config/project.ts";
import { readSources } from "../config/source.ts";
import { forVariant } from "../config/variant.ts";
import { isBeyondWindow } from "../config/window.ts";
import { variantsOf } from "../program/values.ts";
import { makeMatrices } from "../plan/matrix.ts";
import type { Actions } from "../report/actions.ts";
import { hostRoot } from "../root/known.ts";
import { rootOf } from "../run/request.ts";
import type { Host } from "../sys/exec.ts";
import { Json } from "../sys/json.ts";

export interface MatrixOptions {
  /** All when empty. */
  readonly target: string;
  readonly variant: readonly string[];
  readonly line?: string;
  /** What packages are built in; the machines themselves when empty. */
  readonly root: readonly string[];
}

/**
 * `kovn-build plan --github-matrix`: returns the jobs of a workflow that build a line for one target or
 * all, each variant in every root, without pipelines that cannot build it. In GitHub Actions, each matrix is an output too.
 */
export async function planMatrix(
  { target, variant, line, root }: MatrixOptions,
  project: Project,
  host: Host,
  actions: Actions | undefined,
): Promise<Json> {
  const sources = await readSources(project, await pickLine(project, line), host);
  const all = await readPipelines(project);
  const targets = all.filter((pipeline) => target === "" || pipeline.target === target);
  if (targets.length === 0) throw unknownName("Target", target, [...new Set(all.map((pipeline) => pipeline.target))]);
  const known = [...new Set(targets.flatMap(({ flags }) => Object.keys(flags)))];
  const asked = variantsOf({ variant });
  for (const one of asked) if (!known.includes(one)) throw unknownName("Variant", one, known);
  const builds = targets.flatMap((pipeline) => {
    const variants = asked.filter((one) => !isBeyondWindow(forVariant(pipeline, one), sources));
    return variants.map((one) => ({ pipeline, variant: one }));
  });
  for (const name of root) rootOf({ root: name, target: target === "" ? "linux" : target });
  // Only packages are for a distribution.
  const rootsOf = (of: string) => (of === "linux" && root.length > 0 ? [...new Set(root)] : [hostRoot]);
  const matrices = makeMatrices(builds, rootsOf);
  for (const [name, matrix] of Object.entries(matrices)) actions?.output(name, JSON.stringify(matrix));
  return new Json(matrices);
}
