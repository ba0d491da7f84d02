import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sortBy } from "../order.ts";
import { newestFirst } from "../sys/apt.ts";
import { compressXz, releaseIndex } from "../sys/ftparchive.ts";
import { groupOf } from "./apt-state.ts";
import { byHash, parseIndices, type Stanza, type Suite } from "./apt-suite.ts";
import type { PublishOptions } from "./publisher.ts";

/** What decides which versions of a package stay. */
export type Versioned = Pick<Stanza, "package" | "version" | "architecture" | "filename">;

/** The newest versions of each package, ordered by path. */
export async function keepNewest<T extends Versioned>(
  stanzas: readonly T[],
  { keep, host }: Pick<PublishOptions, "keep" | "host">,
): Promise<readonly T[]> {
  const sorted = sortBy(stanzas, (stanza) => stanza.filename);
  if (keep === undefined) return sorted;
  const versions = new Map<string, string[]>();
  for (const stanza of sorted) versions.set(groupOf(stanza), [...(versions.get(groupOf(stanza)) ?? []), stanza.version]);
  const kept = new Map<string, readonly string[]>();
  for (const [group, all] of versions) kept.set(group, (await newestFirst(all, { host })).slice(0, keep));
  return sorted.filter((stanza) => kept.get(groupOf(stanza))?.includes(stanza.version));
}

/**
 * Writes the `Packages` files (plain, compressed and by hash) and the `Release` file of the new
 * state below `staging`. Returns the paths of the `Packages` files.
 */
export async function stageIndices(
  line: string,
  stanzas: readonly Stanza[],
  live: Suite | undefined,
  staging: string,
  { host }: Pick<PublishOptions, "host">,
): Promise<{ readonly plain: readonly string[]; readonly byHash: readonly string[] }> {
  const suite = join("dists", line);
  const componentOf = (stanza: Stanza) => stanza.filename.split("/")[2] ?? "";
  const components = sortedSet([...(live?.components ?? []), ...stanzas.map(componentOf)]);
  const named = stanzas.map((stanza) => (stanza.architecture === "all" ? "amd64" : stanza.architecture));
  const architectures = sortedSet([...(live?.architectures ?? []), ...named]);
  const plain: string[] = [];
  for (const component of components)
    for (const architecture of architectures) {
      const own = stanzas.filter(
        (stanza) => componentOf(stanza) === component && ["all", architecture].includes(stanza.architecture),
      );
      const path = join(suite, component, `binary-${architecture}`, "Packages");
      await mkdir(dirname(join(staging, path)), { recursive: true });
      await writeFile(join(staging, path), own.map((stanza) => `${stanza.text}\n\n`).join(""), { flush: true });
      await compressXz(path, { host, cwd: staging });
      plain.push(path, `${path}.xz`);
    }
  const fields = {
    Origin: "kovn-build",
    Label: "Kube-OVN",
    Suite: line,
    Codename: line,
    // apt refuses an older date than it has seen (a replay), so the date never goes back.
    Date: new Date(Math.max(Date.now(), live?.date ?? 0)).toUTCString().replace("GMT", "+0000"),
    Architectures: architectures.join(" "),
    Components: components.join(" "),
    "Acquire-By-Hash": "yes",
  };
  const text = await releaseIndex(suite, fields, { host, cwd: staging });
  const hashed: string[] = [];
  for (const [index, digest] of parseIndices(text)) {
    const path = join(suite, byHash(index, digest));
    await mkdir(dirname(join(staging, path)), { recursive: true });
    await copyFile(join(staging, suite, index), join(staging, path));
    hashed.push(path);
  }
  await writeFile(join(staging, suite, "Release"), text, { flush: true });
  return { plain, byHash: hashed };
}

function sortedSet(words: readonly string[]): readonly string[] {
  return [...new Set(words)].toSorted();
}
