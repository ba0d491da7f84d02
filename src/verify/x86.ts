import type { Section } from "./elf.ts";

/** The processor's features of each level, as iced-x86 names them (the x86-64 ABI, "Micro-Architecture Levels"). */
const levels: Readonly<Record<number, string>> = {
  // Processors without CET_IBT take its one instruction for a `nop`.
  1: "INTEL8086 INTEL186 INTEL286 INTEL386 INTEL486 X64 CET_IBT CLFSH CMOV CPUID CX8 FPU FPU287 FPU387 FXSR MMX MSR MULTIBYTENOP PAUSE SEP SSE SSE2 SYSCALL TSC",
  2: "CMPXCHG16B POPCNT SSE3 SSE4_1 SSE4_2 SSSE3",
  3: "AVX AVX2 BMI1 BMI2 F16C FMA LZCNT MOVBE XSAVE",
  4: "AVX512BW AVX512CD AVX512DQ AVX512F AVX512VL",
};

const levelOf = new Map(
  Object.entries(levels).flatMap(([level, features]) => features.split(" ").map((feature) => [feature, Number(level)] as const)),
);

/** Receives an instruction above the ceiling: where it is, and which feature it needs. */
export type OnAbove = (address: number, feature: string) => void;

/**
 * Disassembles code of x86-64 and reports every instruction above a level. iced-x86 knows which
 * feature each encoding needs. Returns the number of instructions.
 */
export async function findAboveLevel(
  file: Uint8Array,
  code: readonly Section[],
  level: number,
  onAbove: OnAbove,
): Promise<number> {
  const { Code, CpuidFeature, Decoder, DecoderOptions, Instruction } = await import("iced-x86");
  // gcc writes `tzcnt` for every processor, as `rep bsf`: older ones run `bsf`, which has the same
  // result where gcc uses it.
  const harmless = new Set([Code.Tzcnt_r16_rm16, Code.Tzcnt_r32_rm32, Code.Tzcnt_r64_rm64]);
  const verdicts = new Map<number, string>();
  const instruction = new Instruction();
  /** The feature of the instruction that is above the level; empty for none. */
  const featureAbove = (): string => {
    if (harmless.has(instruction.code)) return "";
    if (instruction.code === Code.INVALID) return "no known instruction";
    const features = [...instruction.cpuidFeatures()].map((feature) => CpuidFeature[feature] ?? "");
    return features.find((feature) => (levelOf.get(feature) ?? Infinity) > level) ?? "";
  };
  let instructions = 0;
  for (const { address, offset, size } of code) {
    const decoder = new Decoder(64, file.subarray(offset, offset + size), DecoderOptions.None);
    decoder.ip = BigInt(address);
    for (; decoder.canDecode; instructions++) {
      decoder.decodeOut(instruction);
      let feature = verdicts.get(instruction.code);
      if (feature === undefined) verdicts.set(instruction.code, (feature = featureAbove()));
      if (feature !== "") onAbove(Number(instruction.ip), feature);
    }
    decoder.free();
  }
  instruction.free();
  return instructions;
}
