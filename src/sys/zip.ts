import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { sortBy } from "../order.ts";
import { readBytes } from "./read-file.ts";
import { writeTemporary } from "./write-whole.ts";

/**
 * A member of an archive: the file at `path`, or an empty folder when there is no `path`. `name` is
 * the path in the archive, with `/`.
 */
export interface ZipMember {
  readonly name: string;
  readonly path?: string;
}

/**
 * Writes a zip archive of `members`, sorted by name. The same names and bytes always give the same
 * archive: fflate compresses with its own code, while zlib's result depends on Node's version and
 * the processor. `epoch` is in seconds. Every member gets noon of that day as its time, since the
 * format has local times.
 */
export async function writeZip(file: string, members: readonly ZipMember[], epoch: number): Promise<void> {
  const { zipSync } = await import("fflate");
  const day = new Date(epoch * 1000);
  const mtime = new Date(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate(), 12);
  const sorted = sortBy(members, (member) => member.name);
  const entries = await Promise.all(
    sorted.map(async ({ name, path }) =>
      path === undefined
        ? ([`${name}/`, new Uint8Array()] as const)
        : ([name, new Uint8Array(await readBytes(path, "an archive"))] as const),
    ),
  );
  await writeTemporary(file, zipSync(Object.fromEntries(entries), { level: 9, mtime }));
}

/**
 * Unpacks a zip archive into `dir`. Throws "usage" for a broken archive, and for a path that leads
 * outside.
 */
export async function unpackZip(file: string, dir: string): Promise<void> {
  const { unzipSync } = await import("fflate");
  const bytes = await readBytes(file, "an archive").catch((cause: unknown) => {
    throw new BuildError("usage", `Archive ${file} cannot be read.`, { cause });
  });
  let members: Readonly<Record<string, Uint8Array>>;
  try {
    members = unzipSync(bytes);
  } catch (cause) {
    throw new BuildError("usage", `Archive ${file} is broken or not a zip archive.`, { cause });
  }
  for (const [name, content] of Object.entries(members)) {
    if (name.startsWith("/") || /[\\:]/.test(name) || name.split("/").includes(".."))
      throw new BuildError("usage", `Archive ${file}: member ${name} leads outside.`);
    if (!name.endsWith("/")) await writeTemporary(join(dir, name), content);
  }
}
