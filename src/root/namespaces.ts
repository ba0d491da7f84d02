import { isRoot } from "../sys/processes.ts";

/**
 * The start of a command that makes or removes a root: it mounts nothing outside, and everything that
 * it mounts and starts ends with it, also after `kill -9` (unshare(1)). For an ordinary user, root of
 * the namespace is that user, with the further ids that `/etc/subuid` gives them (subuid(5)).
 */
export const inNamespaces: readonly string[] = [
  "unshare",
  ...(isRoot ? [] : ["--user", "--map-root-user", "--map-auto"]),
  ...["--mount", "--pid", "--fork", "--kill-child"],
];
