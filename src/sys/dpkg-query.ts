import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { exec, type Host } from "./exec.ts";

export interface DpkgQuery {
  readonly host: Host;
  /** Default: all packages that dpkg knows of; those of a list that it does not know are left out. */
  readonly names?: readonly string[];
  /** A root to look into; default: this machine. */
  readonly tree?: string | undefined;
}

/**
 * Asks dpkg for fields of packages, such as `Version` or `db:Status-Status` (dpkg-query(1)). Returns a
 * row for each package, with its fields in that order. Throws "machine" without dpkg, and where dpkg
 * cannot read its own list: half of it would look like a machine that lacks packages.
 */
export async function queryPackages(fields: readonly string[], options: DpkgQuery): Promise<readonly (readonly string[])[]> {
  const { host, names = [], tree } = options;
  const format = `${fields.map((field) => `\${${field}}`).join("\\t")}\\n`;
  const where = tree === undefined ? [] : [`--admindir=${join(tree, "var/lib/dpkg")}`];
  const args = [...where, "--show", `--showformat=${format}`, "--", ...names];
  const { exitCode, stdout, stderr } = await exec("dpkg-query", args, { host, env: { LC_ALL: "C" } });
  // 1: a name that dpkg does not know.
  if (exitCode > (names.length === 0 ? 0 : 1))
    throw new BuildError("machine", `dpkg's list of packages cannot be read: ${reasonOf(stderr) || `exit code ${exitCode}`}.`, {
      hint: tree === undefined ? "dpkg --audit" : "kovn-build cache prune --size 0",
    });
  return stdout.split("\n").flatMap((row) => (row === "" ? [] : [row.split("\t")]));
}

function reasonOf(stderr: string): string {
  return stderr
    .trim()
    .replace(/^dpkg-query: error: /, "")
    .replaceAll(/\s*\n\s*/g, " ");
}
