import { resolve } from "node:path";
import { expect, test } from "vitest";
import { readPipelines } from "../../../src/config/pipeline.ts";
import type { Project } from "../../../src/config/project.ts";
import { ceilingOf } from "../../../src/verify/ceiling.ts";

const rows: readonly (readonly [flags: string, arch: string, ceiling: object])[] = [
  ["-O2 -g", "amd64", { kind: "x86-64", level: 1, name: "x86-64" }],
  ["-O2 -g -msse4.2 -mpopcnt", "amd64", { kind: "x86-64", level: 2, name: "x86-64-v2" }],
  ["-march=x86-64 -mtune=generic -mavx2", "amd64", { kind: "x86-64", level: 3, name: "x86-64-v3" }],
  ["-march=x86-64-v4", "amd64", { kind: "x86-64", level: 4, name: "x86-64-v4" }],
  ["-O2 -march=haswell", "amd64", { unknown: "-march=haswell" }],
  ["-O2 -g", "arm64", { kind: "arm64", name: "armv8-a", features: "+v8a,+neon,+fp-armv8" }],
  [
    "-march=armv8-a+crc -mlittle-endian -mabi=lp64",
    "arm64",
    { kind: "arm64", name: "armv8-a+crc", features: "+v8a,+neon,+fp-armv8,+crc" },
  ],
  ["-march=armv8.2-a+lse", "arm64", { kind: "arm64", name: "armv8.2-a+lse", features: "+v8.2a,+neon,+fp-armv8,+lse" }],
  ["-march=armv8-a+sve2", "arm64", { unknown: "-march=armv8-a+sve2" }],
  ["-mcpu=neoverse-n1", "arm64", { unknown: "-mcpu=neoverse-n1" }],
  ["-O2", "riscv64", { unknown: "architecture riscv64" }],
];

test.each(rows)("the ceiling of `%s` for %s", (flags, arch, ceiling) => {
  expect(ceilingOf(flags.split(" "), arch)).toEqual(ceiling);
});

test("each variant of this project has a ceiling that is known", async () => {
  const pipelines = await readPipelines({ root: resolve(".") } as Project);
  const names = pipelines.flatMap(({ name, flags }) =>
    Object.entries(flags).flatMap(([variant, byArch]) =>
      Object.entries(byArch).map(([arch, words]) => [name, variant, arch, ceilingOf(words.split(" "), arch)] as const),
    ),
  );
  const found = names.map(([name, variant, arch, ceiling]) =>
    [name, variant, arch, "unknown" in ceiling ? ceiling.unknown : ceiling.name].join(" "),
  );
  expect(found.toSorted()).toEqual([
    "linux-deb debug amd64 x86-64-v2",
    "linux-deb debug arm64 armv8-a+crc",
    "linux-deb default amd64 x86-64-v2",
    "linux-deb default arm64 armv8-a+crc",
    "linux-deb dpdk amd64 x86-64-v2",
    "linux-deb fast amd64 x86-64-v2",
    "linux-deb fast arm64 armv8-a+crc",
    "linux-deb legacy amd64 x86-64",
    "windows-mingw default amd64 x86-64-v2",
    "windows-msvc default amd64 x86-64",
  ]);
});
