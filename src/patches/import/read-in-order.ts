import { basename, dirname, join } from "node:path";
import { projectError, type FileProblem } from "../../errors.ts";
import { exists } from "../../sys/files.ts";
import { listOf } from "../../list.ts";
import { sortBy } from "../../order.ts";
import { problemAt, type Draft } from "./draft.ts";
import { collect } from "./collect.ts";
import type { Entry } from "./order-entry.ts";
import { readOrder } from "./order.ts";
import { readPiece, type Piece, type ReadOptions } from "./piece.ts";
import { findFiles, isPatchName, type OfferedFile } from "./offered-file.ts";
import { readDrafts } from "./read-drafts.ts";
import { commitOf, downloadPiece } from "./read-url.ts";
import { selectEntries, type WantedSource } from "./select-entries.ts";

/** What an order chooses from: files, and patches that are read already. */
export interface Offer {
  readonly files: readonly OfferedFile[];
  readonly drafts: readonly Draft[];
  /** True if the order is the series of the folder of these files, so that its paths are theirs. */
  readonly isOwnSeries?: boolean;
}

/** What an entry of an order means. */
type Meaning =
  | { readonly kind: "files"; readonly files: readonly OfferedFile[] }
  | { readonly kind: "draft"; readonly draft: Draft }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "problem"; readonly message: string };

/**
 * Reads the patches that an order file names, in its order: from what is offered, else from the
 * folder of a series, else from the address that the file has. Throws "project" for what is named
 * and missing, and for a file that was given and is not named; what is not named of a folder, an
 * mbox or a range of commits is a notice.
 */
export async function readInOrder(
  order: string,
  offer: Offer,
  options: ReadOptions & { readonly source: WantedSource },
): Promise<readonly Draft[]> {
  const all = await readOrder(order);
  const mine = new Set(selectEntries(all, options.source, order));
  const problems: FileProblem[] = [];
  const meanings = new Map<Entry, Meaning>();
  for (const entry of all) {
    const meaning = await meaningOf(entry, offer, order);
    meanings.set(entry, meaning);
    if (meaning.kind === "problem" && mine.has(entry)) problems.push(problemAt(order, entry.line, meaning.message));
  }
  const used = [...meanings.values()].flatMap((one): unknown[] =>
    one.kind === "files" ? one.files.map(({ path }) => path) : one.kind === "draft" ? [one.draft] : [],
  );
  problems.push(...findUnnamed(offer, new Set(used), order, options), ...findTwice(mine, meanings, order));
  if (problems.length > 0) throw projectError(problems);
  return collect([...mine], async (entry) => readMeaning(entry, meanings.get(entry), order, options));
}

async function meaningOf(entry: Entry, { files, drafts, isOwnSeries = false }: Offer, order: string): Promise<Meaning> {
  if (entry.problem !== undefined) return { kind: "problem", message: entry.problem };
  const { name, url } = entry;
  const commit = commitOf(url ?? name) ?? /^[0-9a-f]{7,39}(?=\.|$)/.exec(basename(name))?.[0];
  const draft = drafts.find(
    (one) =>
      (url !== undefined && one.at === url) ||
      (commit !== undefined && one.commit?.startsWith(commit)) ||
      one.name === stemOf(name),
  );
  if (draft !== undefined) return { kind: "draft", draft };
  const path = join(dirname(order), name);
  const found = isOwnSeries
    ? { files: files.filter((one) => one.path === path), isAmbiguous: false }
    : findFiles(name === url ? (commit ?? new URL(name).pathname) : name, files);
  if (found.isAmbiguous) {
    const shown = listOf(found.files.map(({ file }) => file));
    return { kind: "problem", message: `\`${name}\` may be ${shown}: give the folder of one of them only.` };
  }
  if (found.files.length > 0) return { kind: "files", files: found.files };
  if (url !== undefined) return { kind: "url", url };
  if (files.length === 0 && drafts.length === 0 && (await exists(path)))
    return { kind: "files", files: [{ path, file: path, isGiven: true }] };
  return {
    kind: "problem",
    message: `\`${name}\` is named here, but ${files.length + drafts.length === 0 ? "does not exist" : "is not among what is imported"}.`,
  };
}

function stemOf(name: string): string {
  return basename(name)
    .replace(/\.(?:patch|diff)$/, "")
    .replace(/^\d{4}-(?=.)/, "");
}

/** Problems and notices for what is offered and not named by an entry of any source. */
function findUnnamed(
  { files, drafts }: Offer,
  used: ReadonlySet<unknown>,
  order: string,
  { host }: ReadOptions,
): readonly FileProblem[] {
  const unused = files.filter(({ path, file, isGiven }) => !used.has(path) && !isGiven && isPatchName(file));
  const others = [
    ...sortBy(unused, ({ file }) => file).map(({ file }) => file),
    ...drafts.filter((draft) => !used.has(draft)).map(({ at }) => at),
  ];
  if (others.length > 0) host.task.notice(`${order} does not name ${listOf(others)}: left out.`);
  const unnamed = files.filter(({ path, isGiven }) => isGiven && !used.has(path));
  return unnamed.map(({ file }) => problemAt(file, 1, `${order} does not name this patch: add it there, or do not give it.`));
}

function findTwice(mine: ReadonlySet<Entry>, meanings: ReadonlyMap<Entry, Meaning>, order: string): readonly FileProblem[] {
  const first = new Map<unknown, number>();
  return [...mine].flatMap((entry) => {
    const meaning = meanings.get(entry);
    const things: readonly unknown[] =
      meaning?.kind === "files" ? meaning.files.map(({ path }) => path) : meaning?.kind === "draft" ? [meaning.draft] : [];
    return things.flatMap((thing) => {
      const line = first.get(thing);
      if (line === undefined) first.set(thing, entry.line);
      return line === undefined ? [] : [problemAt(order, entry.line, `Line ${line} applies this patch already.`)];
    });
  });
}

async function readMeaning(
  { line, level, comment }: Entry,
  meaning: Meaning | undefined,
  order: string,
  options: ReadOptions,
): Promise<readonly Draft[]> {
  const more = { comment, strip: level === undefined ? undefined : { level, file: order, line } };
  const read = async (pieces: readonly Piece[]) => collect(pieces, async (piece) => readDrafts(piece, options));
  if (meaning?.kind === "files")
    return read(
      await Promise.all(meaning.files.map(async ({ path, file }) => readPiece(path, { ...more, file, mayHaveMany: false }))),
    );
  if (meaning?.kind === "url") return read([await downloadPiece(meaning.url, options.host, more)]);
  if (meaning?.kind !== "draft") return [];
  const { draft } = meaning;
  return [{ ...(draft.subject === undefined ? { ...draft, ...comment } : draft), strip: more.strip ?? draft.strip }];
}
