import { join } from "node:path";
import { readSystemText } from "../sys/read-file.ts";

/**
 * The distribution of this machine or container, such as `debian 12` (os-release(5)); undefined
 * where no file says so. A rolling one, such as Debian's sid, has no number, so its name is taken.
 */
export function readDistribution(root = "/"): string | undefined {
  for (const file of ["etc/os-release", "usr/lib/os-release"]) {
    const text = readSystemText(join(root, file));
    const field = (name: string) => new RegExp(`^${name}=(["']?)([\\w.~+-]+)\\1\\s*$`, "m").exec(text)?.[2];
    const id = field("ID");
    if (id !== undefined) return [id, field("VERSION_ID") ?? field("VERSION_CODENAME")].filter(Boolean).join(" ");
  }
  return undefined;
}
