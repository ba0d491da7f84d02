import { BuildError } from "../errors.ts";
import { truePath } from "../sys/disk.ts";
import type { MachineCheck } from "./check.ts";

/**
 * What a path may have. Each printable character was tried. Most others stop configure or libtool;
 * a comma stops Open vSwitch (it is in a command of sed), a colon separates paths in `PYTHONPATH`,
 * and make, shells and gcc's maps of paths read the rest.
 */
const fit = /[\p{L}\p{M}\p{N}\p{So}/+\-._~@]/u;

const names: Readonly<Record<string, string>> = {
  " ": "a space",
  "\t": "a tab",
  "\n": "a line break",
  "\uFFFD": "bytes that are not UTF-8",
};

/** Names the characters of a path that the programs of a build do not take, such as `a space`. */
export function unfitCharacters(path: string): readonly string[] {
  return [...new Set(path)].filter((character) => character === "\uFFFD" || !fit.test(character)).map(nameOf);
}

function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return (
    names[character] ?? (/[!-~]/.test(character) ? `\`${character}\`` : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`)
  );
}

/** Checks the characters of the path that jobs run in: that of `.kovn`, and what it is a link to. */
export function checkBuildPath(work: string): MachineCheck {
  const name = "build path";
  const real = truePath(work);
  const path = unfitCharacters(work).length > 0 ? work : real;
  const unfit = unfitCharacters(path);
  const wanted = "letters, digits and + - . _ ~ @: configure, make and dpkg take no other characters";
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
export function assertBuildPath(work: string): void {
  const { status, found, wanted, fix } = checkBuildPath(work);
  if (status === "missing")
    throw new BuildError("usage", `This folder cannot be built in: ${found} (expected: ${wanted}).`, { hint: fix });
}
