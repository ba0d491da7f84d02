import { count } from "../../sys/text.ts";
import type { Check } from "../check.ts";
import type { Elf } from "../elf.ts";
import { missingHardening } from "../pe.ts";
import type { Program } from "../program.ts";

/** Functions of the C library that FORTIFY replaces by ones that check sizes, named `__memcpy_chk`. */
const fortified = new Set(
  "asprintf confstr dprintf fgets fprintf fread getcwd getgroups gets memcpy memmove mempcpy memset poll printf read readlink realpath recv recvfrom snprintf sprintf stpcpy strcat strcpy strncat strncpy syslog vasprintf vdprintf vfprintf vprintf vsnprintf vsprintf vsyslog".split(
    " ",
  ),
);

/** What makes an error in a program harder to exploit; a distribution's defaults, and more. */
export const hardening: Check = {
  name: "hardening",
  proves:
    "Every program is hardened: PIE, full RELRO, BIND_NOW, no executable stack, stack protector, FORTIFY, no RPATH; on Windows ASLR, high-entropy ASLR, DEP.",
  run: async ({ programs }) => {
    const problems = programs.flatMap((program) => lacksOf(program).map((lack) => `${program.name} ${lack}.`));
    const hardened = programs.filter((program) => lacksOf(program).length === 0);
    return {
      evidence: hardened.length > 0 ? [`${count(hardened.length, "program")} of ${programs.length} have all of it.`] : [],
      problems,
    };
  },
};

function lacksOf(program: Program): readonly string[] {
  if (program.format === "elf") return elfLacks(program.elf);
  const { timestamp } = program.header;
  return [...missingHardening(program.header).map((name) => `lacks ${name}`), ...(timestamp === 0 ? [] : ["has a time stamp"])];
}

function elfLacks({ type, isRelro, bindsNow, stack, runPaths, imports }: Elf): readonly string[] {
  const rules: readonly (readonly [isWrong: boolean, lack: string])[] = [
    [type !== "DYN", "is not position-independent (PIE)"],
    [!isRelro, "lacks RELRO"],
    [!bindsNow, "lacks BIND_NOW, so RELRO is not full"],
    [stack === undefined || stack.includes("E"), "has an executable stack"],
    [!imports.has("__stack_chk_fail"), "lacks the stack protector"],
    [isUnfortified(imports), "lacks FORTIFY"],
    [runPaths.length > 0, `searches libraries in ${runPaths.join(", ")} (RPATH)`],
  ];
  return rules.filter(([isWrong]) => isWrong).map(([, lack]) => lack);
}

/** True for a program that takes only the unchecked ones of these functions (as hardening-check(1) has it). */
function isUnfortified(imports: ReadonlySet<string>): boolean {
  const names = [...imports];
  return names.some((name) => fortified.has(name)) && !names.some((name) => /^__(?!stack).*_chk$/.test(name));
}
