import type { Pipeline } from "../config/pipeline.ts";

/** A job of a workflow that makes one `dist` folder. */
interface MatrixEntry {
  /** Of the job and of what it uploads. */
  readonly name: string;
  readonly target: string;
  readonly variant: string;
  readonly arch: string;
  /** `runs-on`. */
  readonly runner: string;
}

/** A matrix as `strategy.matrix` takes it. */
export interface Matrix {
  readonly include: readonly MatrixEntry[];
}

/** GitHub's machines, by the system that a pipeline runs on and Debian architecture. */
const runners: Readonly<Record<Pipeline["host"], Readonly<Record<string, string>>>> = {
  linux: { amd64: "ubuntu-24.04", arm64: "ubuntu-24.04-arm" },
  // The last one with the Windows Driver Kit.
  windows: { amd64: "windows-2022" },
};

/**
 * Matrices of jobs, one for each pipeline and architecture that has a machine. Those that run on Linux stand under their target, those that run
 * on Windows under `<target>-native`: their steps are others.
 */
export function makeMatrices(pipelines: readonly Pipeline[], variant: string): Readonly<Record<string, Matrix>> {
  const entries = pipelines.flatMap(({ name, target, host, flags }) =>
    Object.keys(flags[variant] ?? {}).flatMap((arch) => {
      const runner = runners[host][arch];
      const entry = runner === undefined ? [] : [{ name: `${name}-${variant}-${arch}`, target, variant, arch, runner }];
      return entry.map((include) => ({ key: host === "linux" ? target : `${target}-native`, include }));
    }),
  );
  const keys = [...new Set(entries.map(({ key }) => key))];
  return Object.fromEntries(
    keys.map((key) => [key, { include: entries.filter((entry) => entry.key === key).map(({ include }) => include) }]),
  );
}
