import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { BuildError, projectError } from "../../errors.ts";
import { sortBy } from "../../order.ts";
import { listFiles } from "../../sys/files.ts";
import { collect } from "./collect.ts";
import { problemAt, type Draft } from "./draft.ts";
import { isPatchName, type OfferedFile } from "./offered-file.ts";
import { readPiece, type ReadOptions } from "./piece.ts";
import { readCommits } from "./read-commits.ts";
import { readDrafts } from "./read-drafts.ts";
import { readInOrder, type Offer } from "./read-in-order.ts";
import { downloadPiece, isPatchAddress } from "./read-url.ts";
import type { WantedSource } from "./select-entries.ts";

type Options = ReadOptions & { readonly source: WantedSource };

/** What a person gave to import from. */
type Place = { readonly kind: "folder" | "file" | "url" | "commits"; readonly place: string };

async function kindOf(place: string): Promise<Place> {
  if (isPatchAddress(place)) return { kind: "url", place };
  const found = await stat(place).catch(() => undefined);
  if (found !== undefined) return { kind: found.isDirectory() ? "folder" : "file", place };
  if (place.includes("#")) return { kind: "commits", place };
  throw new BuildError("usage", `${place} does not exist.`, {
    hint: "give a folder, a file, a series, the address of a patch, REPO#COMMIT or REPO#A..B",
  });
}

/** Reads the patches of a place, in the order that it has. Throws "usage", "project" and "network". */
export async function readPlace(given: string, options: Options): Promise<readonly Draft[]> {
  const { kind, place } = await kindOf(given);
  if (kind === "commits") return readCommits(place, options);
  if (kind === "url") return readDrafts(await downloadPiece(place, options.host), options);
  if (kind === "folder") return readFolder(place, options);
  if (isSeries(place)) return readInOrder(place, { files: [], drafts: [] }, options);
  return readDrafts(await readPiece(place, { file: place, mayHaveMany: true }), options);
}

/** What a place offers to an order file: the files of a folder and those below it, or what it has. */
export async function offerPlace(given: string, options: Options): Promise<Offer> {
  const { kind, place } = await kindOf(given);
  if (kind === "folder") return { files: await listOffered(place), drafts: [] };
  if (kind === "file") {
    const drafts = await readDrafts(await readPiece(place, { file: place, mayHaveMany: true }), options);
    if (drafts.length > 1) return { files: [], drafts };
    return { files: [{ path: place, file: place, isGiven: true }], drafts: [] };
  }
  return { files: [], drafts: await readPlace(place, options) };
}

async function listOffered(folder: string): Promise<readonly OfferedFile[]> {
  const names = (await listFiles(folder)).filter((name) => !name.startsWith(".git/"));
  return names.map((name) => ({ path: join(folder, name), file: join(folder, name), isGiven: false }));
}

function isSeries(file: string): boolean {
  return basename(file) === "series" || file.endsWith(".series");
}

async function readFolder(folder: string, options: Options): Promise<readonly Draft[]> {
  const names = sortBy(await readdir(folder), (name) => name);
  const series = names.includes("series") ? ["series"] : names.filter(isSeries);
  const [first, second] = series;
  if (first !== undefined && second !== undefined)
    throw new BuildError("usage", `Folder ${folder} has several series: ${series.join(", ")}.`, {
      hint: `give one: ${join(folder, first)}`,
    });
  if (first !== undefined) {
    const files = (await listOffered(folder)).filter(({ file }) => !file.endsWith(`/${first}`));
    return readInOrder(join(folder, first), { files, drafts: [], isOwnSeries: true }, options);
  }
  const patches = names.filter(isPatchName);
  if (patches.length === 0) {
    const what = names.includes(".git")
      ? "This is a git repository: give its commits, as `REPO#A..B`."
      : "No patch is in this folder: expected names with `.patch` or `.diff`, or a series.";
    throw projectError([problemAt(folder, 1, what)]);
  }
  return collect(patches, async (name) => {
    const path = join(folder, name);
    return readDrafts(await readPiece(path, { file: path, mayHaveMany: /\.mbo?x$/i.test(name) }), options);
  });
}
