import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { exists, writeWhole } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { readText } from "../sys/read-file.ts";
import { lockName } from "../sys/with-lock.ts";
import { readPrevious } from "./apt-clean.ts";
import { findDamage } from "./apt-pool.ts";
import { parseStanzas, readSuite, type Stanza, type Suite } from "./apt-suite.ts";
import { assertWritable, type YankOptions } from "./publisher.ts";

/** Marks a repository as made by kovn-build, from its first publish on. */
const marker = ".kovn-apt.json";
/** Which packages were taken out, and never come back; as texts of `Packages` files. */
const recordName = ".yanked.json";
const recordSchema = z.object({ yanked: z.string().default(""), returning: z.string().default("") });

/** What a suite offers, offered before, and never offers again. */
export interface State {
  readonly line: string;
  /** What readers see now. */
  readonly live: Suite | undefined;
  /** The file that readers take the live state from. */
  readonly liveName: "InRelease" | "Release";
  readonly previous: Suite | undefined;
  readonly yanked: readonly Stanza[];
  /**
   * What the suite should offer before anything is added: the live packages, or what a yank makes
   * of them that was killed.
   */
  readonly standing: readonly Stanza[];
}

/** Throws "destination" unless the folder is absent, empty, or a repository made by kovn-build. */
export async function assertOwn(place: string): Promise<void> {
  const found = await readdir(place).catch((cause: unknown): string[] => {
    if (errorCode(cause) === "ENOENT") return [];
    throw new BuildError("destination", `${place} is not a readable folder.`, { cause });
  });
  const names = found.filter((name) => name !== lockName);
  // A killed first run may have left the marker half-written.
  if (names.includes(marker) || names.every((name) => name.includes(marker))) return;
  throw new BuildError("destination", `${place} is not an apt repository made by kovn-build.`, {
    hint: "name a new or empty folder",
  });
}

/** Throws "destination" unless the parts of a repository can be written; each may be a mount point. */
export async function assertParts(line: string, place: string): Promise<void> {
  for (const part of [".", ...["pool", "dists", "sbom"].map((name) => join(name, line))]) await assertWritable(join(place, part));
}

/** Marks the folder as a repository. */
export async function markOwn(place: string): Promise<void> {
  if (!(await exists(join(place, marker)))) await writeWhole(join(place, marker), `${JSON.stringify({ schema: 1 })}\n`);
}

/**
 * Reads the state of a suite. Throws "usage" when it is signed and nobody signs, "destination" when
 * its indices are damaged.
 */
export async function readState(line: string, place: string, { signer, host }: YankOptions): Promise<State> {
  const dir = join(place, "dists", line);
  const isSigned = await exists(join(dir, "InRelease"));
  if (isSigned && signer === undefined)
    throw new BuildError("usage", `Suite ${line} of ${place} is signed: give a key.`, { hint: "--sign KEY" });
  const liveName = isSigned ? "InRelease" : "Release";
  const live = await readSuite(dir, liveName);
  const previous = await readPrevious(dir);
  const record = await readRecord(dir);
  return { line, live, liveName, previous, yanked: record.yanked, standing: await settle(live, record, place, host) };
}

/** What a yank wrote down before it changed anything. */
interface YankRecord {
  readonly yanked: readonly Stanza[];
  /** Packages that come back in place of the last yanked ones. */
  readonly returning: readonly Stanza[];
}

async function readRecord(dir: string): Promise<YankRecord> {
  const text = await readText(join(dir, recordName), "an index of packages").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return "{}";
    throw error;
  });
  const { yanked, returning } = parseRecord(text, join(dir, recordName));
  return { yanked: parseStanzas(yanked), returning: parseStanzas(returning) };
}

function parseRecord(text: string, path: string) {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new BuildError("destination", `${path} is damaged: it says which versions were taken out.`, {
      cause,
      hint: "restore it from a backup",
    });
  }
}

async function settle(
  live: Suite | undefined,
  { yanked, returning }: YankRecord,
  place: string,
  host: Host,
): Promise<readonly Stanza[]> {
  const offered = [...(live?.stanzas.values() ?? [])];
  const gone = new Set(yanked.map((stanza) => stanza.filename));
  const standing = offered.filter((stanza) => !gone.has(stanza.filename));
  if (standing.length === offered.length) return standing;
  const damage = await findDamage(returning, place, host);
  return [...standing, ...returning.filter((stanza) => !damage.has(stanza.filename))];
}

/**
 * Records packages as taken out. From then on, every run leaves them out of the suite. Where a
 * package loses its last version, those that `--keep` had dropped for it are recorded to come back.
 */
export async function recordYanked(found: readonly Stanza[], state: State, place: string): Promise<void> {
  const yanked = [...state.yanked, ...found];
  const gone = new Set(yanked.map((stanza) => stanza.filename));
  const left = state.standing.filter((stanza) => !gone.has(stanza.filename));
  const groups = new Set(left.map(groupOf));
  const orphaned = new Set(found.map(groupOf).filter((group) => !groups.has(group)));
  const dropped = [...(state.previous?.stanzas.values() ?? [])].filter(
    (stanza) => orphaned.has(groupOf(stanza)) && !gone.has(stanza.filename),
  );
  // Those of a yank that was killed are not live yet.
  const returning = [...left.filter((stanza) => state.live?.stanzas.has(stanza.filename) !== true), ...dropped];
  const textOf = (stanzas: readonly Stanza[]) => stanzas.map((stanza) => stanza.text).join("\n\n");
  const record = { schema: 1, yanked: textOf(yanked), returning: textOf(returning) };
  await writeWhole(join(place, "dists", state.line, recordName), `${JSON.stringify(record)}\n`);
}

/** Stanzas with the same group are versions of one package. */
export function groupOf(stanza: Pick<Stanza, "filename" | "package" | "architecture">): string {
  return `${dirname(stanza.filename)} ${stanza.package} ${stanza.architecture}`;
}

/** What may stand in a repository only once. */
export function identity(stanza: Pick<Stanza, "package" | "version" | "architecture">): string {
  return `${stanza.package} ${stanza.version} ${stanza.architecture}`;
}
