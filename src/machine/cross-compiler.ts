import { tryExec, type Host } from "../sys/exec.ts";
import type { MachineCheck } from "./check.ts";

const program = "x86_64-w64-mingw32-gcc";

/**
 * Checks that the cross compiler is the one with POSIX threads: Debian has two, and its
 * alternatives decide which one gets the name. Undefined when there is none: then its package is
 * missing too.
 */
export async function checkCrossCompiler(host: Host): Promise<MachineCheck | undefined> {
  const said = await tryExec(program, ["-v"], { host, env: { LC_ALL: "C" } });
  if (said === undefined) return undefined;
  const [, model = "unknown"] = /^Thread model: (\S+)$/m.exec(`${said.stdout}\n${said.stderr}`) ?? [];
  const check = { name: program, found: `${model} threads`, wanted: "posix threads: only they have winpthreads" };
  if (model === "posix") return { ...check, status: "ok" };
  return { ...check, status: "missing", wrong: true, fix: `update-alternatives --set ${program} /usr/bin/${program}-posix` };
}
