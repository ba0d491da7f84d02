import { join } from "node:path";
import type { UnzipFileInfo } from "fflate";
import { BuildError, refusalOf } from "../errors.ts";
import { sortBy } from "../order.ts";
import { readBytes } from "./read-file.ts";
import { formatSize } from "./size.ts";
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

/** The most members of an archive, and the most bytes that it, a member, and a group unpack to. */
const limits = { members: 20_000, archive: 1e9, member: 256e6, group: 32e6 } as const;

/**
 * Unpacks a zip archive into `dir`. Throws "usage" for a broken archive or one that is too large,
 * and for a path that leads outside or occurs twice.
 */
export async function unpackZip(file: string, dir: string): Promise<void> {
  const { unzipSync } = await import("fflate");
  const refuse = (what: string, cause?: unknown) => new BuildError("usage", `Archive ${file} ${what}.`, { cause });
  const bytes = await readBytes(file, "an archive").catch((cause: unknown) => {
    const why = refusalOf(cause);
    throw refuse(why === undefined ? "cannot be read" : `cannot be read: ${why}`, cause);
  });
  const unzip = (filter: (member: UnzipFileInfo) => boolean) => {
    try {
      return unzipSync(bytes, { filter });
    } catch (cause) {
      throw cause instanceof BuildError ? cause : refuse("is broken or not a zip archive", cause);
    }
  };
  const sizes = new Map<string, number>();
  let total = 0;
  unzip(({ name, originalSize }) => {
    if (name.startsWith("/") || /[\\:\0]/.test(name) || name.split("/").some((part) => part === ".." || part === "__proto__"))
      throw refuse(`has member ${name}, which leads outside`);
    if (sizes.has(name)) throw refuse(`has member ${name} twice`);
    if (sizes.size >= limits.members) throw refuse(`has more than ${limits.members.toLocaleString("en")} members`);
    total += originalSize;
    if (originalSize > limits.member || total > limits.archive)
      throw refuse(`unpacks to more than ${formatSize(limits.archive)}, or ${formatSize(limits.member)} for a member`);
    sizes.set(name, originalSize);
    return false;
  });
  // In groups, so that memory does not hold the whole content.
  for (const group of groupsOf(sizes))
    for (const [name, content] of Object.entries(unzip((member) => group.has(member.name))))
      if (!name.endsWith("/")) await writeTemporary(join(dir, name), content);
}

/** Splits members into groups of few bytes. */
function groupsOf(sizes: ReadonlyMap<string, number>): readonly ReadonlySet<string>[] {
  const groups: Set<string>[] = [];
  let room = 0;
  for (const [name, size] of sizes) {
    if (groups.length === 0 || size > room) {
      groups.push(new Set());
      room = limits.group;
    }
    groups.at(-1)?.add(name);
    room -= size;
  }
  return groups;
}
