import { z } from "zod";
import { BuildError } from "../errors.ts";
import { exec } from "../sys/exec.ts";
import { makeRecord } from "../record.ts";
import { runProgram, type StepContext, type StepKind } from "./step.ts";

const schema = z
  .strictObject({
    script: z.string().min(1).describe("The script. It gets values as environment variables; nothing is pasted into it."),
  })
  .describe("Runs a short script with MSYS2's bash in `src/`, on Windows, with Visual C++'s environment.");

type Input = z.infer<typeof schema>;

/** Default paths of Visual Studio and MSYS2, which GitHub's windows-2022 has too. */
const vswhere = String.raw`C:\Program Files (x86)\Microsoft Visual Studio\Installer\vswhere.exe`;
const bash = String.raw`C:\msys64\usr\bin\bash.exe`;

/**
 * `uses: msys`: runs a short script of bash on Windows. It can call `cl`, `link`, `nmake`,
 * `MSBuild` and the tools of MSYS2.
 */
export const msys: StepKind<"msys", Input> = { name: "msys", schema, run, makes: () => [] };

async function run({ script }: Input, context: StepContext): Promise<void> {
  const own = { HOME: `${context.dir}/home`, MSYS2_PATH_TYPE: "inherit", MSYSTEM: "MSYS", CHERE_INVOKING: "1" };
  const env = { ...(await visualEnv(context)), ...own };
  // Not as options of bash: MSYS2's own profile reads unset variables and would end early.
  await runProgram(bash, ["--login", "-c", `set -eu -o pipefail\n${script}`], env, context);
}

/** Returns the environment that `vcvars64.bat` of the newest Visual Studio sets. */
async function visualEnv({ host }: StepContext): Promise<Readonly<Record<string, string>>> {
  const found = await exec(vswhere, ["-latest", "-property", "installationPath"], { host });
  const [studio = ""] = found.stdout.split(/\r?\n/);
  if (studio === "") throw new BuildError("build", "Visual Studio is not installed on this machine: vswhere lists none.");
  const cwd = String.raw`${studio}\VC\Auxiliary\Build`;
  // No spaces or quotes in arguments: Node writes a quote as `\"`, which cmd does not understand.
  const said = await exec("cmd.exe", ["/d", "/c", "call", String.raw`.\vcvars64.bat`, ">nul", "&&", "set"], { host, cwd });
  if (said.exitCode !== 0) throw new BuildError("build", String.raw`${cwd}\vcvars64.bat failed with exit code ${said.exitCode}.`);
  return parseEnvironment(said.stdout);
}

/**
 * Reads the output of cmd's `set`, one `NAME=value` per line. Windows ignores the case of names and
 * says `Path`; bash needs `PATH`.
 */
export function parseEnvironment(text: string): Readonly<Record<string, string>> {
  const rows = text.split(/\r?\n/).flatMap((line) => {
    const [, name, value = ""] = /^([^=]+)=(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[/^path$/i.test(name) ? "PATH" : name, value] as const];
  });
  return makeRecord(rows);
}
