import type { Pipeline, System } from "../config/pipeline.ts";
import { crossCompiles } from "../steps/registry.ts";
import type { RunnerName } from "../root/containers.ts";
import type { KnownRoot } from "../root/known.ts";
import type { Host } from "../sys/exec.ts";

/** What a build needs of the machine. */
export interface MachineNeeds {
  readonly target: string;
  /** The system that the pipeline runs on. */
  readonly system: System;
  /** Debian packages of all jobs. */
  readonly packages: readonly string[];
  /** Debian packages that only `patches prove` needs. */
  readonly provers: readonly string[];
  /** True to check the programs of `publish` too. */
  readonly publishes?: boolean;
  /** True when a job cross-compiles for Windows. */
  readonly crossCompiles: boolean;
  /** What the jobs are built in; undefined for the machine itself. Then it has the packages. */
  readonly root?: KnownRoot | undefined;
  /** What makes the root and runs jobs in it; default: bubblewrap. */
  readonly runner?: RunnerName | undefined;
  /** The number of jobs. */
  readonly jobs: number;
  /** The most processes at once. */
  readonly parallel: number;
  /** The `.kovn` folder, which need not exist. */
  readonly work: string;
  readonly host: Host;
}

/** What jobs of a pipeline need of the machine. */
export function machineNeeds(
  pipeline: Pipeline,
  ids: readonly string[],
  around: Pick<MachineNeeds, "provers" | "publishes" | "root" | "runner" | "parallel" | "work" | "host">,
): MachineNeeds {
  const jobs = ids.flatMap((id) => pipeline.jobs[id] ?? []);
  return {
    target: pipeline.target,
    system: pipeline.host,
    packages: [...new Set(jobs.flatMap((job) => job.packages))],
    crossCompiles: crossCompiles(jobs.flatMap((job) => job.steps)),
    jobs: ids.length,
    ...around,
  };
}
