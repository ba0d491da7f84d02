import { InvalidArgumentError, Option, type Command } from "commander";

/** Collects the values of an option that may be repeated. */
export function collect(value: string, all: readonly string[]): readonly string[] {
  return [...all, value];
}

/** Reads the value of an option that is a positive whole number. */
export function positive(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("A positive whole number is wanted.");
  return number;
}

/** Adds the options that say what to build. */
export function requestOptions(command: Command): Command {
  return command
    .requiredOption("--target <target>", "what to build for: linux, windows")
    .option("--toolchain <name>", "for windows: mingw | msvc; default: the one for this machine")
    .option("--line <line>", "release line, or a version or tag of it; default: the newest in patches/")
    .option("--only <job>", "only this job and what it needs; may be repeated", collect, [])
    .option("--from <where>", "auto | git | apt | SOURCE=PATH_OR_URL: where sources come from; may be repeated", collect, [])
    .option("--variant <variant>", "set of compiler flags", "default")
    .option("--arch <arch>", "architecture; must be this machine's")
    .option("--driver <dir>", "for windows: built Hyper-V extension (ovsext.sys, .inf, .cat) for the installer")
    .addOption(
      new Option(
        "--distcc <hosts>",
        "machines that compile as well, as distcc has them: 'localhost/2 HOST/8'; debug information has no columns then",
      ).conflicts("cache"),
    )
    .option("--unlocked", "use a series that differs from patches/<line>/lock.json", false)
    .option("--json", "machine-readable output on stdout", false);
}

const units: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9 };

/** Reads a number of bytes, such as `500M` or `2G` (powers of ten). */
export function byteCount(value: string): number {
  const [, number = "", unit = ""] = /^(\d+)([kMG]?)B?$/.exec(value) ?? [];
  if (number === "") throw new InvalidArgumentError("A number of bytes is wanted, such as 500M or 2G.");
  return Number(number) * (units[unit] ?? 1);
}
