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

test("the default variants of this project run on every x86-64-v2 and armv8-a+crc", async () => {
  const pipelines = await readPipelines({ root: resolve(".") } as Project);
  const names = pipelines.flatMap(({ name, flags }) =>
    Object.entries(flags["default"] ?? {}).map(([arch, words]) => [name, arch, ceilingOf(words.split(" "), arch)] as const),
  );
  const found = names.map(([name, arch, ceiling]) =>
    [name, arch, "unknown" in ceiling ? ceiling.unknown : ceiling.name].join(" "),
  );
  expect(found.toSorted()).toEqual([
    "linux-deb amd64 x86-64-v2",
    "linux-deb arm64 armv8-a+crc",
    "windows-mingw amd64 x86-64-v2",
    "windows-msvc amd64 x86-64",
  ]);
});
