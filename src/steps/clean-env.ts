/**
 * Makes the environment of a build's programs. It has nothing of the user's; home and temporary
 * files are in `dir`. Programs of the folder `first` are found before those of the system.
 */
export function cleanEnv(dir: string, first?: string): Record<string, string> {
  return {
    PATH: `${first === undefined ? "" : `${first}:`}/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: `${dir}/home`,
    TMPDIR: `${dir}/tmp`,
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
  };
}
