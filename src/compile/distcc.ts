import { BuildError } from "../errors.ts";
import { tryExec, type Host } from "../sys/exec.ts";

/**
 * With distcc, all compilations get preprocessed source (ccache(1), `run_second_cpp`), also on this
 * machine, so that objects are the same wherever they are compiled. The columns in preprocessed
 * source are not those of the source, so this flag leaves them out (gcc(1)). It also keeps these
 * objects apart from those of builds without distcc.
 */
export const placelessFlags = "-gno-column-info";

/** Compiling on several machines with distcc(1), through ccache. */
export interface Distcc {
  /** The environment of a step's programs. */
  readonly env: Readonly<Record<string, string>>;
  /** How many compilations the hosts take at once. */
  readonly slots: number;
}

/**
 * Lets distcc read a list of hosts, such as `localhost/2 builder1/8` (distcc(1), "Host
 * specifications"). Returns undefined, after a notice, when distcc is not installed. Throws "usage"
 * for a list that distcc does not understand.
 */
export async function openDistcc(
  hosts: string,
  { host, notice }: { readonly host: Host; readonly notice: (message: string) => void },
): Promise<Distcc | undefined> {
  const env = { DISTCC_HOSTS: hosts };
  const said = await tryExec("distcc", ["-j"], { host: { ...host, env: { PATH: "/usr/bin:/bin" } }, env });
  if (said === undefined) {
    notice("Program `distcc` is not installed: --distcc is not used. (apt-get install distcc)");
    return undefined;
  }
  const slots = Number(said.stdout);
  if (!(slots > 0)) {
    const [, why = said.stderr.trim()] = /(?:ERROR|Warning): (.+)/.exec(said.stderr) ?? [];
    throw new BuildError("usage", `distcc does not understand the hosts \`${hosts}\`: ${why}`, {
      hint: "--distcc 'localhost/2 builder1/8' (distcc(1), \"Host specifications\")",
    });
  }
  return { env: { ...env, CCACHE_PREFIX: "distcc", CCACHE_NOCPP2: "1" }, slots };
}
