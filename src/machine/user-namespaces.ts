import { join } from "node:path";
import { readSystemText } from "../sys/read-file.ts";

/** Settings of the kernel that keep ordinary users out of namespaces: the value that does, and one that does not. */
const settings = [
  // Ubuntu 24.04 and newer.
  { name: "kernel.apparmor_restrict_unprivileged_userns", closed: "1", open: "0" },
  // Debian.
  { name: "kernel.unprivileged_userns_clone", closed: "0", open: "1" },
  { name: "user.max_user_namespaces", closed: "0", open: "15000" },
];

/**
 * The command that lets ordinary users make namespaces, if a setting of the kernel keeps them from it
 * (sysctl(8)); undefined if none does.
 */
export function allowUsers(root = "/"): string | undefined {
  const closing = settings.filter(
    ({ name, closed }) => readSystemText(join(root, "proc/sys", name.replaceAll(".", "/"))).trim() === closed,
  );
  if (closing.length === 0) return undefined;
  return `sudo sysctl --write ${closing.map(({ name, open }) => `${name}=${open}`).join(" ")}`;
}
