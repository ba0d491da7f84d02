import { BuildError } from "../errors.ts";
import { truePath } from "../sys/disk.ts";
import type { MachineCheck } from "./check.ts";
import type { MachineNeeds } from "./needs.ts";

/**
 * What a path may have. Each printable character was tried. Most others stop configure or libtool;
 * a comma stops Open vSwitch (it is in a command of sed), a colon separates paths in `PYTHONPATH`,
 * and make, shells and gcc's maps of paths read the rest.
 */
const fit = /[\p{L}\p{M}\p{N}\p{So}/+\-._~@]/u;

/**
 * pkg-config writes a backslash before every byte that is not ASCII. In `büro`, Open vSwitch was
 * built without its C extension for Python, and nothing failed.
 */
const fitForPkgConfig = /[\w/+\-.~@]/;

const names: Readonly<Record<string, string>> = {
  " ": "a space",
  "\t": "a tab",
  "\n": "a line break",
  "\uFFFD": "bytes that are not UTF-8",
};

type PathNeeds = Pick<MachineNeeds, "packages" | "work">;

/**
 * Names the characters of a path that the programs of a build do not take, such as `a space`;
 * `packages` are the Debian packages that the build uses.
 */
export function unfitCharacters(path: string, packages: readonly string[]): readonly string[] {
  const allowed = usesPkgConfig(packages) ? fitForPkgConfig : fit;
  return [...new Set(path)].filter((character) => character === "\uFFFD" || !allowed.test(character)).map(nameOf);
}

function usesPkgConfig(packages: readonly string[]): boolean {
  return packages.includes("pkg-config") || packages.includes("pkgconf");
}

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const isVisible = /^[!-~]|[\p{L}\p{N}\p{So}]$/u.test(character);
  return names[character] ?? (isVisible ? `\`${character}\`` : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`);
}

/** Checks the characters of the path that jobs run in: that of `.kovn`, and what it is a link to. */
export function checkBuildPath({ work, packages }: PathNeeds): MachineCheck {
  const name = "build path";
  const real = truePath(work);
  const path = unfitCharacters(work, packages).length > 0 ? work : real;
  const unfit = unfitCharacters(path, packages);
  const wanted = usesPkgConfig(packages)
    ? "a-z, A-Z, 0-9 and + - . _ ~ @: configure, make, dpkg and pkg-config take no other characters"
    : "letters, digits and + - . _ ~ @: configure, make and dpkg take no other characters";
  if (unfit.length === 0) return { name, status: "ok", found: real, wanted };
  return {
    name,
    status: "missing",
    found: `${JSON.stringify(path)} has ${unfit.join(", ")}`,
    wanted,
    fix: "move or clone the project to a folder without them, and run the command there",
  };
}

/** Throws "usage" for a folder that no job can run in. */
export function assertBuildPath(needs: PathNeeds): void {
  const { status, found, wanted, fix } = checkBuildPath(needs);
  if (status === "missing")
    throw new BuildError("usage", `This folder cannot be built in: ${found} (expected: ${wanted}).`, { hint: fix });
}
