import { describe, expect } from "vitest";
import { readLimits } from "../../../src/machine/cgroup.ts";
import { test } from "../../helpers/folder.ts";
import { writeFiles, type Files } from "../../helpers/project.ts";

const two = { "proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n" };
const one = {
  "proc/self/mountinfo":
    "31 24 0:27 /docker/ab /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n32 24 0:28 /docker/ab /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
  "proc/self/cgroup": "4:memory:/docker/ab\n3:cpu,cpuacct:/docker/ab\n1:name=systemd:/docker/ab\n",
};
const none = { cores: undefined, memory: undefined };

const cases: Readonly<Record<string, readonly [files: Files, limits: ReturnType<typeof readLimits>]>> = {
  "no control groups": [{}, none],
  "a container of version 2 without limits": [
    { ...two, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n", "sys/fs/cgroup/memory.max": "max\n" },
    none,
  ],
  "a quota of one and a half processors": [
    { ...two, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n" },
    { cores: 2, memory: undefined },
  ],
  "a quota of less than a processor": [
    { ...two, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "20000 100000\n" },
    { cores: 1, memory: undefined },
  ],
  "a smaller quota above the own group": [
    {
      ...two,
      "proc/self/cgroup": "0::/ci.slice/job\n",
      "sys/fs/cgroup/ci.slice/cpu.max": "100000 100000\n",
      "sys/fs/cgroup/ci.slice/job/cpu.max": "400000 100000\n",
    },
    { cores: 1, memory: undefined },
  ],
  "memory of which files in the cache count as left": [
    {
      ...two,
      "proc/self/cgroup": "0::/\n",
      "sys/fs/cgroup/memory.max": "1000000\n",
      "sys/fs/cgroup/memory.current": "700000\n",
      "sys/fs/cgroup/memory.stat": "anon 5\ninactive_file 400000\n",
    },
    { cores: undefined, memory: 700_000 },
  ],
  "a container of version 1, whose path is the host's": [
    {
      ...one,
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "300000\n",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "1000000\n",
      "sys/fs/cgroup/memory/memory.usage_in_bytes": "100000\n",
    },
    { cores: 3, memory: 900_000 },
  ],
  "version 1 without limits": [
    {
      ...one,
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    },
    none,
  ],
};

describe("the limits of", () => {
  for (const [what, [files, limits]] of Object.entries(cases))
    test(what, async ({ folder }) => {
      await writeFiles(folder, files);
      expect(readLimits(folder)).toEqual(limits);
    });
});
