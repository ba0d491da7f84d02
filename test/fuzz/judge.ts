import type { CliResult } from "../helpers/cli.ts";

/** What is wrong with the way the program ended. */
export function judge({ exitCode, stdout, stderr }: CliResult, codes: readonly number[]): string | undefined {
  if (!codes.includes(exitCode)) return `exit code ${exitCode}: ${stderr}`;
  if (/^ +at |bug (?:of|in) kovn-build|Warning: |\[object|\bundefined\b/m.test(stderr)) return `it shows its inside: ${stderr}`;
  if (exitCode === 0) return undefined;
  return stderr.trim() === "" || stdout !== "" ? `a failure without words or with a result: ${stdout}${stderr}` : undefined;
}
