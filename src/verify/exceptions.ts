/** Code above a ceiling that a program runs only where the processor has it. */
export interface Dispatched {
  /** The names of its functions; the compiler may add `.cold` or `.part.0`. */
  readonly functions: RegExp;
  /** The file that is compiled with more flags; undefined for code of the compiler. */
  readonly unit?: string;
  /** What looks at the processor first. */
  readonly why: string;
}

/** Every such code of Open vSwitch, which OVN contains, and of gcc. */
export const dispatched: readonly Dispatched[] = [
  {
    functions: /^mfex_avx512_/,
    unit: "lib/dpif-netdev-extract-avx512.c",
    why: "parsers of packet headers, offered where `mfex_avx512_probe` finds AVX-512",
  },
  {
    functions: /^dpcls_avx512_gather_/,
    unit: "lib/dpif-netdev-lookup-avx512-gather.c",
    why: "lookups of flows, offered where `dpcls_subtable_avx512_gather_probe` finds AVX-512",
  },
  {
    functions: /^dp_netdev_input_(outer_)?avx512/,
    unit: "lib/dpif-netdev-avx512.c",
    why: "packet processing, offered where `dp_netdev_input_avx512_probe` finds AVX-512",
  },
  {
    functions: /^action_avx512_/,
    unit: "lib/odp-execute-avx512.c",
    why: "actions on packets, offered where `action_avx512_isa_probe` finds AVX-512",
  },
  {
    functions: /^__aarch64_(cas|swp|ldadd|ldclr|ldeor|ldset)/,
    why: "gcc's atomic operations, which use LSE where the kernel reports it (-moutline-atomics)",
  },
];

/** Data that a linker or an assembler puts between instructions of Windows programs, by its name. */
export const dataInCode = /^(_{2,3}[CD]TOR_LIST__|one|limit)$/;

/** Files of libraries that are linked into programs for Windows as the distribution compiled them. */
export const libraryUnits = /^\.\/mingw-w64-(crt|libraries)\//;
