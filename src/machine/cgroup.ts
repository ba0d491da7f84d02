import { join } from "node:path";
import { readSystemText } from "../sys/read-file.ts";

/** What the control groups of this process allow, as containers limit it; undefined without a limit. */
export interface Limits {
  /** Processors: a quota of 1.5 counts as 2. */
  readonly cores: number | undefined;
  /** Bytes that are left of the memory limit; what the kernel can drop from its cache counts as left. */
  readonly memory: number | undefined;
}

/**
 * Reads the limits of this process's control group and of those above it, of version 1 or 2
 * (cgroups(7)). `root` is the folder that has `proc` and `sys`.
 */
export function readLimits(root = "/"): Limits {
  const all = groupsOf(root);
  return { cores: smallest(all.map(coresOf)), memory: smallest(all.map(memoryLeft)) };
}

function coresOf(folder: string): number | undefined {
  const [quota, period] = numbers(readSystemText(join(folder, "cpu.max"))) ?? [];
  const old = [
    numbers(readSystemText(join(folder, "cpu.cfs_quota_us")))?.[0],
    numbers(readSystemText(join(folder, "cpu.cfs_period_us")))?.[0],
  ];
  const [us = -1, every = 100_000] = quota === undefined ? old : [quota, period];
  return us > 0 && every > 0 ? Math.max(1, Math.ceil(us / every)) : undefined;
}

function memoryLeft(folder: string): number | undefined {
  const value = (...names: readonly string[]) =>
    names.map((name) => numbers(readSystemText(join(folder, name)))?.[0]).find((one) => one !== undefined);
  const limit = value("memory.max", "memory.limit_in_bytes");
  // Version 1 says "no limit" with a number near 2^63.
  if (limit === undefined || limit > 2 ** 60) return undefined;
  const used = value("memory.current", "memory.usage_in_bytes") ?? 0;
  const cached = Number(/^(?:total_)?inactive_file (\d+)$/m.exec(readSystemText(join(folder, "memory.stat")))?.[1] ?? 0);
  return Math.max(0, limit - Math.max(0, used - cached));
}

/** Numbers of a file such as `cpu.max`; undefined when there is none or the first word is `max`. */
function numbers(text: string): readonly number[] | undefined {
  const words = text.trim().split(/\s+/).map(Number);
  return text !== "" && words.every(Number.isFinite) ? words : undefined;
}

function smallest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** The folders of this process's groups, up to where each hierarchy is mounted. */
function groupsOf(root: string): readonly string[] {
  const own = readSystemText(join(root, "proc/self/cgroup")).split("\n");
  const mounts = readSystemText(join(root, "proc/self/mountinfo")).split("\n");
  const folders = mounts.flatMap((row) => {
    const [before = "", after = ""] = row.split(" - ");
    const [, , , top = "/", mount = ""] = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    const controllers = type === "cgroup2" ? [""] : type === "cgroup" ? options.split(",") : [];
    const path = own
      .map((line) => line.split(":"))
      .find(([, names = ""]) =>
        names.split(",").some((name) => controllers.includes(name) && (name !== "" || type === "cgroup2")),
      )
      ?.slice(2)
      .join(":");
    if (path === undefined) return [];
    // In a container, the path may be the host's, of which only the mounted part can be seen.
    const below = top === "/" ? path : path.startsWith(top) ? path.slice(top.length) : "/";
    const parts = below.split("/").filter((part) => part !== "" && part !== "..");
    return parts.map((_, index) => join(root, mount, ...parts.slice(0, index + 1))).concat(join(root, mount));
  });
  return [...new Set(folders)];
}
