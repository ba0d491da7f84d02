import { arch, availableParallelism } from "node:os";
import type { System } from "../config/pipeline.ts";
import { readLimits } from "./cgroup.ts";
import { readDistribution } from "./distribution.ts";
import { isRoot, ownPlatform } from "../sys/processes.ts";

/** A machine, as far as plans and builds depend on it. */
export interface Machine {
  /** Debian's name of the architecture, such as `amd64`. */
  readonly arch: string;
  readonly system: System;
  /** The distribution, such as `debian 12`; undefined where it is unknown. */
  readonly distribution: string | undefined;
  /** How many processes can run at once; the quota of a container counts. */
  readonly cores: number;
  /** True when this process may install packages. */
  readonly isRoot: boolean;
}

/** Debian's names of Node's architectures. */
const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  return {
    arch: architectures[arch()] ?? arch(),
    system: ownPlatform === "win32" ? "windows" : "linux",
    distribution: readDistribution(),
    cores: Math.min(availableParallelism(), readLimits().cores ?? Infinity),
    isRoot,
  };
}
