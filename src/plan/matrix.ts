import type { Pipeline } from "../config/pipeline.ts";
import { makeRecord } from "../record.ts";
import { rootInNames } from "./root.ts";

/** A workflow job that makes one `dist` folder. */
interface MatrixEntry {
  /** Name of the workflow job and of what it uploads. */
  readonly name: string;
  readonly target: string;
  readonly variant: string;
  readonly arch: string;
  /** What `--root` names: `host`, or a distribution. */
  readonly root: string;
  /** `runs-on`. */
  readonly runner: string;
}

/** A matrix as `strategy.matrix` takes it. */
export interface Matrix {
  readonly include: readonly MatrixEntry[];
}

/** GitHub's machines, by system and Debian architecture. */
const runners: Readonly<Record<Pipeline["host"], ReadonlyMap<string, string>>> = {
  linux: new Map([
    ["amd64", "ubuntu-24.04"],
    ["arm64", "ubuntu-24.04-arm"],
  ]),
  // Later machines lack the Windows Driver Kit.
  windows: new Map([["amd64", "windows-2022"]]),
};

/**
 * Makes the matrices of a workflow, with one job for each build, root and architecture that GitHub
 * has a machine for. Pipelines that run on Linux are listed under their target, those that run on
 * Windows under `<target>-native`, because their workflow steps differ.
 */
export function makeMatrices(
  builds: readonly { readonly pipeline: Pipeline; readonly variant: string }[],
  rootsOf: (target: string) => readonly string[],
): Readonly<Record<string, Matrix>> {
  const entries = builds.flatMap(({ pipeline: { name, target, host, flags }, variant }) =>
    Object.keys(flags[variant] ?? {}).flatMap((arch) => {
      const runner = runners[host].get(arch);
      if (runner === undefined) return [];
      return rootsOf(target).map((root) => {
        // Not the machine itself.
        const inRoot = root.includes(":") ? `-${rootInNames(root)}` : "";
        const include = { name: `${name}${inRoot}-${variant}-${arch}`, target, variant, arch, root, runner };
        return { key: host === "linux" ? target : `${target}-native`, include };
      });
    }),
  );
  const keys = [...new Set(entries.map(({ key }) => key))];
  return makeRecord(
    keys.map((key) => [key, { include: entries.filter((entry) => entry.key === key).map(({ include }) => include) }]),
  );
}
