import { listOf } from "../../list.ts";
import { count } from "../../sys/text.ts";
import { ceilingOf, isaFlags, type Ceiling } from "../ceiling.ts";
import type { Check } from "../check.ts";
import { dispatched, libraryUnits } from "../exceptions.ts";
import { readUnits, type Unit } from "../units.ts";

/** What the compile units of a variant must have. */
interface Wanted {
  readonly level: string;
  readonly isa: readonly string[];
  readonly ceiling: Ceiling | { readonly unknown: string };
  readonly arch: string;
}

/**
 * The flags that each file was compiled with, as the compiler itself wrote them into the debug
 * information. A package that ignores CFLAGS is found here.
 */
export const flags: Check = {
  name: "flags",
  proves: "Every file was compiled with the variant's optimisation and instructions, and with the stack protector.",
  run: async ({ manifest, programs }, host) => {
    const words = manifest.flags.split(/\s+/);
    const wanted = {
      level: words.findLast((word) => word.startsWith("-O")) ?? "-O2",
      isa: isaFlags(words),
      ceiling: ceilingOf(words, manifest.arch),
      arch: manifest.arch,
    };
    const problems: string[] = [];
    const compilers = new Set<string>();
    const chosen = new Set<string>();
    let [units, others] = [0, 0];
    for (const [index, program] of programs.entries()) {
      host.task.say(`${program.name}, ${index + 1} of ${programs.length}`);
      const found = await readUnits(program, host);
      const compiled = found.filter(({ name, producer }) => !producer.startsWith("GNU AS ") && !libraryUnits.test(name));
      if (compiled.length === 0) problems.push(`${program.name} has no debug information: no dbgsym package or file fits it.`);
      units += compiled.length;
      others += found.length - compiled.length;
      const wrong = new Map<string, string[]>();
      for (const unit of compiled) {
        compilers.add(unit.producer.split(" -", 1)[0] ?? "");
        const isChosen = dispatched.some((one) => one.unit !== undefined && `/${unit.name}`.endsWith(`/${one.unit}`));
        if (isChosen) chosen.add(unit.name);
        for (const problem of problemsOf(unit, wanted, isChosen)) wrong.set(problem, [...(wrong.get(problem) ?? []), unit.name]);
      }
      for (const [problem, names] of wrong)
        problems.push(
          `${program.name}: ${problem} in ${names.length} of ${count(compiled.length, "compile unit")}, such as ${names[0]}.`,
        );
    }
    if (units === 0) return { evidence: [], problems };
    const all = [wanted.level, ...wanted.isa, "-fstack-protector-strong"].join(" ");
    return {
      evidence: [
        `${count(units, "compile unit")} of ${count(programs.length, "program")} were looked at for \`${all}\`.`,
        `Compilers: ${listOf([...compilers].toSorted())}.`,
        ...(chosen.size > 0 ? [`With more instructions, chosen at run time: ${listOf([...chosen].toSorted())}.`] : []),
        ...(others > 0 ? [`Not looked at: ${count(others, "unit")} of assembly and of MinGW-w64's own libraries.`] : []),
      ],
      problems,
    };
  },
};

/** What is wrong with the flags of a compile unit. */
function problemsOf({ producer }: Unit, { level, isa, ceiling, arch }: Wanted, isChosen: boolean): readonly string[] {
  const words = producer.split(/\s+/);
  const last = (start: string) => words.findLast((word) => word.startsWith(start));
  const missing = isa.filter((flag) => !words.includes(flag));
  const own = ceilingOf(words, arch);
  const protector = last("-fstack-protector") ?? last("-fno-stack-protector");
  return [
    ...((last("-O") ?? "-O0") === level ? [] : [`${last("-O") ?? "no optimisation"} instead of ${level}`]),
    ...(missing.length > 0 ? [`no ${missing.join(" ")}`] : []),
    ...(isChosen || isWithin(own, ceiling) ? [] : [excess(own)]),
    ...(/^-fstack-protector-(strong|all)$/.test(protector ?? "") ? [] : ["no -fstack-protector-strong"]),
  ];
}

function isWithin(own: Wanted["ceiling"], ceiling: Wanted["ceiling"]): boolean {
  if ("unknown" in own || "unknown" in ceiling) return false;
  return own.kind === "x86-64" && ceiling.kind === "x86-64" ? own.level <= ceiling.level : own.name === ceiling.name;
}

function excess(own: Wanted["ceiling"]): string {
  return "unknown" in own ? `${own.unknown}, whose instructions are not known` : `instructions of ${own.name}`;
}
