import { BuildError } from "../errors.ts";
import { tryExec, type Host } from "../sys/exec.ts";

/**
 * All compilations with distcc get preprocessed source (ccache(1), `run_second_cpp`), also those on this machine: so objects are the same, wherever
 * they were compiled. This flag tells them from others; columns of preprocessed source would be wrong ones (gcc(1)).
 */
export const placelessFlags = "-gno-column-info";

/** Compilations handed to other machines by distcc(1), through ccache. */
export interface Distcc {
  /** For the programs of steps. */
  readonly env: Readonly<Record<string, string>>;
  /** Compilations that the hosts take at once, this machine included when it is among them. */
  readonly slots: number;
}

/**
 * Asks distcc what it makes of a list of hosts, such as `localhost/2 builder1/8` (distcc(1), "Host specifications"). Undefined when distcc
 * is not installed, which is told. Throws "usage" for a list that it does not understand.
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
      hint: "--distcc 'localhost/2 builder1/8', as distcc(1) has it under \"Host specifications\"",
    });
  }
  return { env: { ...env, CCACHE_PREFIX: "distcc", CCACHE_NOCPP2: "1" }, slots };
}
