import { InvalidArgumentError, Option, type Command } from "commander";
import { runnerNames } from "../root/containers.ts";
import { hostRoot, knownRoots } from "../root/known.ts";

/** Collects the values of an option that may be repeated. */
function collect(value: string, all: readonly string[]): readonly string[] {
  return [...all, value];
}

/** Reads a positive integer. */
export function positive(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("Expected a positive integer.");
  return number;
}

const units: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9 };

/** Reads a number of bytes, such as `500M` or `2G` (powers of ten). */
export function byteCount(value: string): number {
  const [, number = "", unit = ""] = /^(\d+)([kMG]?)B?$/.exec(value) ?? [];
  if (number === "") throw new InvalidArgumentError("Expected a number of bytes, such as 500M or 2G.");
  return Number(number) * (units[unit] ?? 1);
}

/** Reads words separated by commas. */
export function commaSeparated(value: string): readonly string[] {
  return value.split(",").map((word) => word.trim());
}

/** `--json`: a result that programs read. */
export function jsonOption(): Option {
  return new Option("--json", "print machine-readable output").default(false);
}

const defaultLine = "default: the one that patches/lines.yaml names, else the newest";

/** `--line`: the release line a command works on. */
export function lineOption(): Option {
  return new Option("--line <line>", `release line; ${defaultLine}`);
}

/** `--from`: where sources come from. */
export function fromOption(): Option {
  return repeated("--from <where>", "auto | git | apt | SOURCE=PATH_OR_URL: where sources come from; may be repeated");
}

/** `--from` where a source is either its pin or unavailable. */
export function pinOption(): Option {
  return repeated("--from <clone>", "SOURCE=PATH_OR_URL: take the pinned commit from there; may be repeated");
}

/** `--to`: where to publish. */
export function toOption(): Option {
  return repeated(
    "--to <destination>",
    "apt=DIR | dir=DIR | tar=FILE | github[=OWNER/REPO] | oci=HOST/NAME[:TAG]; default: those of release.yaml; may be repeated",
  );
}

/** `--sign`: who signs. */
export function signOption(): Option {
  return new Option("--sign <key>", "gpg key (fingerprint, id or mail address) to sign with");
}

/** `--only`: a part of the pipeline. */
export function onlyOption(): Option {
  return repeated("--only <job>", "only this job and what it needs; may be repeated");
}

/** `--variant`: how programs are compiled, and what is built. */
export function variantOption(): Option {
  return new Option("--variant <variant>", "variant to build; for linux: default | legacy | debug | dpdk | fast").default(
    "default",
  );
}

/** `--variant` for a command that takes several: `variantsOf` has the default. */
export function variantsOption(): Option {
  const { flags, description } = variantOption();
  return repeated(flags, `${description}; may be repeated; default: default`);
}

/** The variants that were asked for, each once. */
export function variantsOf({ variant }: { readonly variant: readonly string[] }): readonly string[] {
  return variant.length === 0 ? ["default"] : [...new Set(variant)];
}

/** `--root`: what jobs are built in. */
export function rootOption(): Option {
  const names = knownRoots.map(({ name }) => name).join(" | ");
  return new Option("--root <root>", `for linux: what to build in: host (this machine) | ${names}`).default(hostRoot);
}

/** `--runner`: what makes a root and runs jobs in it. */
export function runnerOption(): Option {
  const [usual] = runnerNames;
  return new Option("--runner <runner>", "for --root: what jobs run in; docker and podman use an image of the distribution")
    .choices(runnerNames)
    .default(usual);
}

/** `--root` for the jobs of a workflow. */
export function rootsOption(): Option {
  const { flags, description } = rootOption();
  return repeated(flags, `${description}; with --github-matrix, may be repeated`);
}

/** `--arch`: the architecture of packages. */
export function archOption(): Option {
  return new Option("--arch <arch>", "architecture of packages: amd64 | arm64; not this machine's: cross-compiled, with --root");
}

/** `--mirror`: where a root's packages come from. */
export function mirrorOption(): Option {
  return repeated(
    "--mirror <url>",
    "URL | security=URL: archives for --root instead of the distribution's own; may be repeated",
  ).env("KOVN_MIRROR");
}

/** An option that may be given several times. */
export function repeated(flags: string, description: string): Option {
  return new Option(flags, description).argParser(collect).default([]);
}

/** Adds the options for the target system. */
export function targetOptions(command: Command): Command {
  return command
    .requiredOption("--target <target>", "system to build for: linux, windows")
    .option("--toolchain <toolchain>", "for windows: mingw | msvc; default: the one for this machine");
}

/** Adds the options that say what to build; `root` and `variant` may replace those options. */
export function requestOptions(command: Command, { root = rootOption(), variant = variantOption() } = {}): Command {
  return targetOptions(command)
    .option("--line <line>", `release line, or a version or tag of it; ${defaultLine}`)
    .addOption(onlyOption())
    .addOption(fromOption())
    .addOption(variant)
    .addOption(archOption())
    .addOption(root)
    .option("--driver <dir>", "for windows: folder of a built Hyper-V extension (ovsext.sys, .inf, .cat) for the installer")
    .addOption(
      new Option(
        "--distcc <hosts>",
        "machines that share the compiling, as distcc lists them: 'localhost/2 HOST/8'; leaves columns out of debug information",
      ).conflicts("cache"),
    )
    .option("--unlocked", "use a series that differs from patches/<line>/lock.json", false)
    .addOption(jsonOption());
}

/** Adds the options that say which unusual builds may be released. */
export function allowOptions(command: Command): Command {
  return command
    .option("--allow-alternate", "take artifacts built from an alternate base; this is recorded", false)
    .option("--allow-unlocked", "take artifacts of a series that differs from its lock; this is recorded", false)
    .option("--allow-unverified", "take artifacts that `verify` did not pass; this is recorded", false);
}

/** Examples at the end of a command's help: what to type, and what it does. */
export function examples(...rows: readonly (readonly [command: string, effect: string])[]): string {
  const width = Math.max(...rows.map(([command]) => command.length));
  return `\nExamples:\n${rows.map(([command, effect]) => `  ${command.padEnd(width)}  ${effect}`).join("\n")}`;
}
