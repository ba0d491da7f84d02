/**
 * What the programs of a build find otherwise than in every other build, so that the bytes show
 * whether they depend on it.
 */
export interface Elsewhere {
  /** Where the folders of the jobs are, below that of the run. */
  readonly folder: string;
  /** Time zone and locale. */
  readonly env: { readonly TZ: string; readonly LC_ALL: string };
  /** The umask, as sh(1) reads it; undefined where there is none. */
  readonly umask: string | undefined;
}

/**
 * Another folder, time zone, locale and umask. The clock of the machine stays as it is, but in this zone
 * the date is another one for the next eleven hours at least: yesterday, or after noon (UTC) tomorrow.
 */
export function makeElsewhere(now: Date, { hasUmask }: { readonly hasUmask: boolean }): Elsewhere {
  // POSIX writes the offset the other way round. Such a zone needs no files of the system.
  const zone = now.getUTCHours() < 12 ? "KOVN+23" : "KOVN-23";
  return { folder: "elsewhere/deeper", env: { TZ: zone, LC_ALL: "C" }, umask: hasUmask ? "0002" : undefined };
}

/** The command that runs a program under the umask. */
export function underUmask(command: readonly string[], umask: string | undefined): readonly string[] {
  return umask === undefined ? command : ["sh", "-c", 'umask "$0"; exec "$@"', umask, ...command];
}
