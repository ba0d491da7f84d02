import { describe, expect, test } from "vitest";
import { floorCpu } from "../../../src/trial/cpu.ts";
import { ceilingOf } from "../../../src/verify/ceiling.ts";

describe("the oldest processor of a variant's flags", () => {
  test.each([
    ["-O2 -g", "amd64", "Opteron_G1"],
    ["-O2 -g -msse4.2 -mpopcnt", "amd64", "Nehalem"],
    ["-O2 -march=x86-64-v3", "amd64", "Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid"],
    ["-O2 -march=x86-64-v4", "amd64", undefined],
    ["-O2 -march=armv8-a+crc", "arm64", "cortex-a53"],
    ["-O2 -march=armv8.2-a+lse", "arm64", "neoverse-n1"],
    ["-O2 -march=armv8.1-a+lse", "arm64", undefined],
    ["-O2 -march=armv8-a+lse", "arm64", undefined],
  ])("`%s` of %s", (flags, arch, cpu) => {
    const ceiling = ceilingOf(flags.split(" "), arch);
    expect("unknown" in ceiling ? "unknown" : floorCpu(ceiling)).toEqual(cpu === undefined ? undefined : { arch, cpu });
  });
});
