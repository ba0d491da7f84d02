import type { Ceiling } from "../verify/ceiling.ts";

/** A processor that QEMU knows: the oldest one that programs of a variant must run on. */
export interface FloorCpu {
  /** Debian's name of the architecture. */
  readonly arch: string;
  /** The value of QEMU's option -cpu. */
  readonly cpu: string;
}

/** By the level of the x86-64 ABI. QEMU runs instructions of SSE3 on all of them. */
const amd64: Readonly<Record<number, string>> = {
  1: "Opteron_G1",
  2: "Nehalem",
  // Without what QEMU warns about: none of it adds instructions that programs use.
  3: "Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid",
};

/** By version of the architecture, which extensions follow: the oldest processor that has them. */
const arm64: readonly (readonly [RegExp, string])[] = [
  [/^armv8-a(\+(crc|crypto|fp|simd))*$/, "cortex-a53"],
  [/^armv8\.2-a(\+(crc|crypto|dotprod|fp|fp16|lse|rcpc|simd))*$/, "neoverse-n1"],
];

/** The oldest processor below a ceiling; undefined if QEMU knows none. */
export function floorCpu(ceiling: Ceiling): FloorCpu | undefined {
  if (ceiling.kind === "x86-64") {
    const cpu = amd64[ceiling.level];
    return cpu === undefined ? undefined : { arch: "amd64", cpu };
  }
  const found = arm64.find(([pattern]) => pattern.test(ceiling.name));
  return found === undefined ? undefined : { arch: "arm64", cpu: found[1] };
}
