import { access, constants, stat } from "node:fs/promises";
import { dirname, isAbsolute } from "node:path";
import { truePath } from "../sys/disk.ts";
import { exists } from "../sys/files.ts";
import { readSystemText } from "../sys/read-file.ts";
import type { MachineCheck } from "./check.ts";
import type { MachineNeeds } from "./needs.ts";

/** Checks the folder for temporary files, which git, apt, gpg and `patches prove` use. Changes nothing. */
export async function checkTemporary({ env }: MachineNeeds["host"]): Promise<MachineCheck> {
  const dir = env["TMPDIR"] === undefined || env["TMPDIR"] === "" ? "/tmp" : env["TMPDIR"];
  const name = "temporary folder";
  const wanted = "a folder with an absolute path in which files can be written and run (TMPDIR)";
  const why = isAbsolute(dir) ? await whyUnusable(dir) : "is not an absolute path";
  if (why === undefined) return { name, status: "ok", found: dir, wanted };
  return { name, status: "missing", found: `${dir} ${why}`, wanted, fix: "export TMPDIR=/tmp" };
}

/** Checks that jobs can write files in `.kovn`, and run them, as they run configure. Changes nothing. */
export async function checkWork({ work }: MachineNeeds): Promise<MachineCheck> {
  const name = "work folder";
  const wanted = "a folder in which files can be written and run";
  const why = await whyUnusable(await nearest(work));
  if (why === undefined) return { name, status: "ok", found: work, wanted };
  const fix = "move or clone the project to a folder where this is possible, and run the command there";
  return { name, status: "missing", found: `${await nearest(work)} ${why}`, wanted, fix };
}

async function nearest(path: string): Promise<string> {
  return (await exists(path)) || path === dirname(path) ? path : nearest(dirname(path));
}

async function whyUnusable(dir: string): Promise<string | undefined> {
  const found = await stat(dir).catch(() => undefined);
  if (found === undefined) return "does not exist";
  if (!found.isDirectory()) return "is not a folder";
  const isWritable = await access(dir, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!isWritable) return "cannot be written";
  return (await mountOptions(truePath(dir))).includes("noexec")
    ? "is on a file system that runs no programs (noexec)"
    : undefined;
}

/** Options of the file system of a path (proc_pid_mountinfo(5)); none where they are unknown. */
async function mountOptions(path: string): Promise<readonly string[]> {
  const rows = readSystemText("/proc/self/mountinfo")
    .split("\n")
    .map((row) => row.split(" "));
  const unescape = (text: string) =>
    text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
  const above = rows
    .map((row) => ({ mount: unescape(row[4] ?? ""), options: row[5]?.split(",") ?? [] }))
    .filter(({ mount }) => mount !== "" && (path === mount || path.startsWith(mount.endsWith("/") ? mount : `${mount}/`)));
  // Of two at the same place, the later one covers the other.
  return above.reduce((best, one) => (one.mount.length >= best.mount.length ? one : best), { mount: "", options: [""] }).options;
}
