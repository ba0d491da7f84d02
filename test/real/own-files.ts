import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";

/** Copies the files of this repository that git knows or would add; `skip` leaves out some. */
export async function copyOwnFiles(to: string, skip: RegExp = /^$/): Promise<void> {
  const { stdout } = await execa("git", [
    ...["-c", "safe.directory=*", "ls-files"],
    ...["--cached", "--others", "--exclude-standard", "-z"],
  ]);
  for (const file of stdout.split("\0").filter((name) => name !== "" && !skip.test(name))) {
    await mkdir(dirname(join(to, file)), { recursive: true });
    await cp(file, join(to, file));
  }
}
