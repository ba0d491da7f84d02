import { knownLeft } from "./known-left.ts";

/** Paths that change with every package: what apt, dpkg and the C library write, and what the trial itself put there. */
const ofOthers =
  /^\/(debs|tmp|run|var\/run|var\/tmp|var\/cache|var\/lib\/(apt|dpkg|systemd|ucf|update-rc\.d|python)|var\/log\/(apt|dpkg\.log|alternatives\.log)|etc\/(passwd|group|shadow|gshadow|subuid|subgid)-?|etc\/\.pwd\.lock|etc\/ld\.so\.cache)(\/|$)/;

/** What is left of packages after purge. Of a folder and what is in it, only the folder. */
export interface Left {
  readonly unknown: readonly string[];
  /** What stays for a known reason: paths, and the reason. */
  readonly known: readonly { readonly paths: readonly string[]; readonly why: string }[];
}

/** The paths that there are after packages were purged, and were not before they were installed. */
export function leftBehind(before: readonly string[], after: readonly string[]): Left {
  const there = new Set(before);
  const left = after.filter((path) => path !== "" && !there.has(path) && !ofOthers.test(path));
  const known = knownLeft.map(({ path, why }) => ({ paths: topOf(left.filter((one) => path.test(one))), why }));
  return {
    unknown: topOf(left.filter((one) => !knownLeft.some(({ path }) => path.test(one)))),
    known: known.filter(({ paths }) => paths.length > 0),
  };
}

function topOf(paths: readonly string[]): readonly string[] {
  const all = new Set(paths);
  return paths.filter((path) => !all.has(path.slice(0, path.lastIndexOf("/"))));
}
