/** What programs of a build see of the environment: nothing of the user's; home and temporary files are in `dir`. Programs of folder `first` go before the system's. */
export function cleanEnv(dir: string, first?: string): Record<string, string> {
  return {
    PATH: `${first === undefined ? "" : `${first}:`}/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: `${dir}/home`,
    TMPDIR: `${dir}/tmp`,
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
  };
}
