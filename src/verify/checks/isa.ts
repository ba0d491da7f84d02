import { count } from "../../sys/text.ts";
import { readBytes } from "../../sys/read-file.ts";
import type { Host } from "../../sys/exec.ts";
import { findUnknownWords } from "../arm64.ts";
import { ceilingOf, type Ceiling } from "../ceiling.ts";
import type { Check } from "../check.ts";
import { dataInCode, dispatched } from "../exceptions.ts";
import { readFunctions } from "../functions.ts";
import type { Program } from "../program.ts";
import { findAboveLevel, type OnAbove } from "../x86.ts";
import { windowsCode } from "../windows-code.ts";

/** The instructions above the ceiling in one function. */
interface Offender {
  readonly program: string;
  readonly name: string;
  readonly features: Set<string>;
  times: number;
}

/** How many of the worst functions are listed. */
const mostListed = 10;

/**
 * Every instruction of every program: one that the oldest processor of the variant does not have
 * ends the program there ("Illegal instruction"). The compiler's flags set the ceiling.
 */
export const isa: Check = {
  name: "isa",
  proves: "No program has an instruction above the variant's ceiling, but in functions that are chosen at run time.",
  run: async ({ manifest, programs }, host) => {
    const ceiling = ceilingOf(manifest.flags.split(/\s+/), manifest.arch);
    if ("unknown" in ceiling) return { evidence: [], problems: [`The ceiling of \`${ceiling.unknown}\` is not known.`] };
    const problems: string[] = [];
    const chosen = new Map<string, Set<string>>();
    const offenders: Offender[] = [];
    let instructions = 0;
    for (const [index, program] of programs.entries()) {
      host.task.say(`${program.name}, ${index + 1} of ${programs.length}`);
      if (program.arch !== manifest.arch) {
        problems.push(`${program.name} is for ${program.arch}, artifacts.json says ${manifest.arch}.`);
        continue;
      }
      const { found, number } = await offendersOf(program, ceiling, host);
      if (number === 0) problems.push(`${program.name} has no code that can be read.`);
      instructions += number;
      for (const offender of found) {
        const rule = dispatched.find(({ functions }) => functions.test(offender.name));
        if (rule === undefined) offenders.push(offender);
        else chosen.set(rule.why, (chosen.get(rule.why) ?? new Set()).add(offender.name));
      }
    }
    if (instructions === 0) return { evidence: [], problems };
    const of = `of ${count(programs.length, "program")}`;
    return {
      evidence: [
        `${instructions.toLocaleString("en")} instructions ${of} were looked at; the ceiling is ${ceiling.name}.`,
        ...[...chosen].map(([why, names]) => `Above it only at run time: ${count(names.size, "function")}: ${why}.`),
      ],
      problems: [...problems, ...describe(offenders, ceiling)],
    };
  },
};

async function offendersOf(
  program: Program,
  ceiling: Ceiling,
  host: Host,
): Promise<{ readonly number: number; readonly found: Iterable<Offender> }> {
  const above: (readonly [address: number, feature: string])[] = [];
  const onAbove: OnAbove = (address, feature) => void above.push([address, feature]);
  const number =
    ceiling.kind === "arm64"
      ? await findUnknownWords(program.path, ceiling.features, host, onAbove)
      : await findAboveLevel(
          await readBytes(program.path, "a program"),
          program.format === "elf" ? program.elf.code : await windowsCode(program.path, host),
          ceiling.level,
          onAbove,
        );
  if (above.length === 0) return { number, found: [] };
  const functionAt = await readFunctions(program, host);
  const found = new Map<string, Offender>();
  for (const [address, feature] of above) {
    const name = functionAt(address) ?? "code without a name";
    if (program.format === "pe" && dataInCode.test(name)) continue;
    const offender = found.get(name) ?? { program: program.name, name, features: new Set(), times: 0 };
    found.set(name, offender);
    offender.features.add(feature);
    offender.times++;
  }
  return { number, found: found.values() };
}

function describe(offenders: readonly Offender[], { name }: Ceiling): readonly string[] {
  if (offenders.length === 0) return [];
  const times = offenders.reduce((sum, offender) => sum + offender.times, 0);
  const worst = offenders.toSorted((a, b) => b.times - a.times).slice(0, mostListed);
  return [
    `${times.toLocaleString("en")} instructions in ${count(offenders.length, "function")} are above ${name}. The worst are:`,
    ...worst.map((one) => `${one.program}: \`${one.name}\`: ${one.times} (${[...one.features].toSorted().join(", ")})`),
  ];
}
