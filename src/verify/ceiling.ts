/** The instructions that programs of a variant may have. */
export type Ceiling =
  | {
      readonly kind: "x86-64";
      readonly name: string;
      /** The level of the x86-64 ABI, 1 to 4. */
      readonly level: number;
    }
  | {
      readonly kind: "arm64";
      /** As gcc's -march names it, such as `armv8-a+crc`. */
      readonly name: string;
      /** As LLVM names it, such as `+v8a,+crc`. */
      readonly features: string;
    };

/** gcc's flags, by the level that has their instructions (the x86-64 ABI, "Micro-Architecture Levels"). */
const levels: Readonly<Record<number, readonly string[]>> = {
  1: ["-march=x86-64", "-msse", "-msse2", "-mfxsr", "-mmmx"],
  2: ["-march=x86-64-v2", "-mcx16", "-msahf", "-mpopcnt", "-msse3", "-mssse3", "-msse4", "-msse4.1", "-msse4.2", "-mcrc32"],
  3: ["-march=x86-64-v3", "-mavx", "-mavx2", "-mbmi", "-mbmi2", "-mf16c", "-mfma", "-mlzcnt", "-mmovbe", "-mxsave"],
  4: ["-march=x86-64-v4", "-mavx512f", "-mavx512bw", "-mavx512cd", "-mavx512dq", "-mavx512vl"],
};

const levelOf = new Map(Object.entries(levels).flatMap(([level, flags]) => flags.map((flag) => [flag, Number(level)] as const)));

/** Flags that add no instruction which a processor might lack. */
const harmless = /^-m(tune=|no-|64$|little-endian$|abi=|cmodel=|branch-protection=|outline-atomics$|stackrealign$|ms-bitfields$)/;

/** Extensions of arm64, as gcc and as LLVM name them. */
const extensions: ReadonlyMap<string, string> = new Map([
  ["crc", "crc"],
  ["crypto", "crypto"],
  ["dotprod", "dotprod"],
  ["fp", "fp-armv8"],
  ["fp16", "fullfp16"],
  ["lse", "lse"],
  ["rcpc", "rcpc"],
  ["simd", "neon"],
]);

/** Flags of gcc that choose instructions. */
export function isaFlags(words: readonly string[]): readonly string[] {
  return words.filter((word) => word.startsWith("-m") && !harmless.test(word));
}

/** The ceiling that compiler flags set; the flag that is not known for any other. */
export function ceilingOf(words: readonly string[], arch: string): Ceiling | { readonly unknown: string } {
  const flags = isaFlags(words);
  if (arch === "arm64") return armCeiling(flags);
  if (arch !== "amd64") return { unknown: `architecture ${arch}` };
  const unknown = flags.find((flag) => !levelOf.has(flag));
  if (unknown !== undefined) return { unknown };
  const level = Math.max(1, ...flags.map((flag) => levelOf.get(flag) ?? 1));
  return { kind: "x86-64", level, name: level === 1 ? "x86-64" : `x86-64-v${level}` };
}

function armCeiling(flags: readonly string[]): Ceiling | { readonly unknown: string } {
  const march = flags.findLast((flag) => flag.startsWith("-march=")) ?? "-march=armv8-a";
  const [, minor = "", more = ""] = /^-march=armv8(\.\d)?-a((?:\+\w+)*)$/.exec(march) ?? [];
  const names = more.split("+").filter((name) => name !== "");
  const features = names.map((name) => extensions.get(name));
  const other = flags.find((flag) => !flag.startsWith("-march="));
  if (!march.startsWith("-march=armv8") || features.includes(undefined) || other !== undefined)
    return { unknown: other ?? march };
  // Debian's arm64 always has the two (https://wiki.debian.org/Arm64Port).
  const all = ["neon", "fp-armv8", ...features];
  return {
    kind: "arm64",
    name: march.slice("-march=".length),
    features: [`+v8${minor}a`, ...all.map((name) => `+${name}`)].join(","),
  };
}
