import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for PATH, in a folder of its own; removed with `await using`. */
export interface Bin extends AsyncDisposable {
  /** The folder around it, for files that the programs write. */
  readonly dir: string;
  readonly path: string;
}

/**
 * Makes a folder of programs: shell scripts by name (`$dir` is the folder around it), or links to
 * the system's programs where the script is empty.
 */
export async function makeBin(scripts: Readonly<Record<string, string>>): Promise<Bin> {
  const dir = await mkdtemp(join(tmpdir(), "kovn-bin-"));
  const path = join(dir, "bin");
  await mkdir(path);
  for (const [name, script] of Object.entries(scripts))
    await (script === ""
      ? symlink(`/usr/bin/${name}`, join(path, name))
      : writeFile(join(path, name), `#!/bin/sh\ndir='${dir}'\n${script}\n`, { mode: 0o755 }));
  return { dir, path, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}
