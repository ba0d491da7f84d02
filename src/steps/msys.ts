import { z } from "zod";
import { BuildError } from "../errors.ts";
import { exec } from "../sys/exec.ts";
import { runProgram, type StepContext, type StepKind } from "./step.ts";

const schema = z.strictObject({
  script: z
    .string()
    .min(1)
    .describe("run by MSYS2's bash in `src/`, with Visual C++'s environment; values come as environment variables"),
});

type Input = z.infer<typeof schema>;

/** Where the installers of Visual Studio and MSYS2 put these, and where GitHub's windows-2022 has them. */
const vswhere = String.raw`C:\Program Files (x86)\Microsoft Visual Studio\Installer\vswhere.exe`;
const bash = String.raw`C:\msys64\usr\bin\bash.exe`;

/** `uses: msys`: a few lines of bash on Windows, where `cl`, `link`, `nmake`, `MSBuild` and the tools of MSYS2 are at hand. */
export const msys: StepKind<"msys", Input> = { name: "msys", schema, run, makes: () => [] };

async function run({ script }: Input, context: StepContext): Promise<void> {
  const own = { HOME: `${context.dir}/home`, MSYS2_PATH_TYPE: "inherit", MSYSTEM: "MSYS", CHERE_INVOKING: "1" };
  const env = { ...(await visualEnv(context)), ...own };
  // Not as options of bash: MSYS2's own profile asks for variables that are not set, and would be left in the middle.
  await runProgram(bash, ["--login", "-c", `set -eu -o pipefail\n${script}`], env, context);
}

/** What `vcvars64.bat` of the newest Visual Studio sets. */
async function visualEnv({ host }: StepContext): Promise<Readonly<Record<string, string>>> {
  const found = await exec(vswhere, ["-latest", "-property", "installationPath"], { host });
  const [studio = ""] = found.stdout.split(/\r?\n/);
  if (studio === "") throw new BuildError("build", "There is no Visual Studio on this machine (vswhere names none).");
  const cwd = String.raw`${studio}\VC\Auxiliary\Build`;
  // Words without spaces and quotes: Node would write a quote as `\"`, which cmd does not understand.
  const said = await exec("cmd.exe", ["/d", "/c", "call", String.raw`.\vcvars64.bat`, ">nul", "&&", "set"], { host, cwd });
  if (said.exitCode !== 0) throw new BuildError("build", String.raw`${cwd}\vcvars64.bat ended with exit code ${said.exitCode}.`);
  return parseEnvironment(said.stdout);
}

/** Reads what cmd's `set` prints: `NAME=value` a line. Windows does not mind how names are spelled, and has `Path`; bash does, and has `PATH`. */
export function parseEnvironment(text: string): Readonly<Record<string, string>> {
  const rows = text.split(/\r?\n/).flatMap((line) => {
    const [, name, value = ""] = /^([^=]+)=(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[/^path$/i.test(name) ? "PATH" : name, value] as const];
  });
  return Object.fromEntries(rows);
}
