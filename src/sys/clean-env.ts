/** What programs of a build see of the environment: nothing of the user's; home and temporary files are in `dir`. */
export function cleanEnv(dir: string): Record<string, string> {
  return {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: `${dir}/home`,
    TMPDIR: `${dir}/tmp`,
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
  };
}
