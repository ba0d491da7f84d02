import { newestFirst } from "../sys/apt.ts";
import { sha256 } from "../sys/files.ts";
import { compressXz } from "../sys/xz.ts";
import { sortBy } from "../order.ts";
import { groupOf, type Stanza, type Versioned } from "./apt-stanza.ts";
import { packagesPath, yankedIndex, type Index, type Suite } from "./apt-suite.ts";
import type { PublishOptions } from "./publisher.ts";

/** The newest versions of each package in the components of `own`, all others, ordered by path. */
export async function keepNewest<T extends Versioned>(
  stanzas: readonly T[],
  own: readonly Versioned[],
  { keep, host }: Pick<PublishOptions, "keep" | "host">,
): Promise<readonly T[]> {
  const sorted = sortBy(stanzas, (stanza) => stanza.filename);
  if (keep === undefined) return sorted;
  const components = new Set(own.map(componentOf));
  const versions = new Map<string, string[]>();
  for (const stanza of sorted) versions.set(groupOf(stanza), [...(versions.get(groupOf(stanza)) ?? []), stanza.version]);
  const kept = new Map<string, ReadonlySet<string>>();
  for (const [group, all] of versions) kept.set(group, new Set((await newestFirst(all, { host })).slice(0, keep)));
  return sorted.filter((stanza) => !components.has(componentOf(stanza)) || kept.get(groupOf(stanza))?.has(stanza.version));
}

/** What a suite is going to offer. */
export interface Offer {
  readonly stanzas: readonly Stanza[];
  readonly yanked: readonly Stanza[];
}

/** A new state of a suite, in memory: nobody else can change it before it is signed. */
export interface NewState extends Pick<Suite, "text" | "stanzas"> {
  readonly indices: ReadonlyMap<string, Index & { readonly content: string | Uint8Array }>;
}

/** Makes the indices of a suite (plain and compressed) and its `Release`. */
export async function makeState(
  suite: string,
  { stanzas, yanked }: Offer,
  live: Suite | undefined,
  { host, now = Date.now() }: Pick<PublishOptions, "host" | "now">,
): Promise<NewState> {
  const components = sortedSet([...(live?.components ?? []), ...stanzas.map(componentOf)]);
  const named = stanzas.map((stanza) => (stanza.architecture === "all" ? "amd64" : stanza.architecture));
  const architectures = sortedSet([...(live?.architectures ?? []), ...named]);
  const indices = new Map<string, Index & { readonly content: string | Uint8Array }>();
  const add = (path: string, content: string | Uint8Array) =>
    indices.set(path, { path, content, size: Buffer.byteLength(content), sha256: sha256(content) });
  for (const component of components)
    for (const architecture of architectures) {
      const text = textOf(stanzas, component, architecture);
      const path = packagesPath(component, architecture);
      add(path, text);
      add(`${path}.xz`, await compressXz(text, { host }));
    }
  if (yanked.length > 0) add(yankedIndex, show(yanked));
  const fields = {
    Origin: "kovn-build",
    Label: "Kube-OVN",
    Suite: suite,
    Codename: suite,
    // apt refuses an older date than it has seen (a replay), so the date never goes back.
    Date: new Date(Math.max(now, live?.date ?? 0)).toUTCString().replace("GMT", "+0000"),
    "Acquire-By-Hash": "yes",
    Architectures: architectures.join(" "),
    Components: components.join(" "),
    SHA256: [...indices.values()].map((index) => `\n ${index.sha256} ${index.size} ${index.path}`).join(""),
  };
  const rows = Object.entries(fields).map(([name, value]) => `${name}:${value.startsWith("\n") ? "" : " "}${value}\n`);
  return { text: rows.join(""), indices, stanzas: new Map(stanzas.map((stanza) => [stanza.filename, stanza])) };
}

/** The `Packages` file of a component for an architecture. */
export function textOf(stanzas: readonly Stanza[], component: string, architecture: string): string {
  return show(
    stanzas.filter((stanza) => componentOf(stanza) === component && ["all", architecture].includes(stanza.architecture)),
  );
}

function componentOf({ filename }: Pick<Stanza, "filename">): string {
  return filename.split("/")[2] ?? "";
}

function show(stanzas: readonly Stanza[]): string {
  return stanzas.map((stanza) => `${stanza.text}\n\n`).join("");
}

function sortedSet(words: readonly string[]): readonly string[] {
  return [...new Set(words)].toSorted();
}
