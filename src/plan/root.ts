/** The name of a root as a part of other names: `debian-12` for `debian:12`. */
export function rootInNames(root: string): string {
  return root.replace(":", "-");
}
