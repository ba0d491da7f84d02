import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BuildError } from "../errors.ts";
import { writeWhole } from "../sys/write-whole.ts";
import { errorCode } from "../sys/processes.ts";
import { readText } from "../sys/read-file.ts";
import { parseStaged } from "../sys/staging.ts";
import { lockName } from "../sys/with-lock.ts";
import { assertWritable, type Intent } from "./publisher.ts";

/** Marks a repository as made by kovn-build, from its first publish on, and names its suites. */
const marker = ".kovn-apt.json";
/** Suites are distributions; they were lines before. */
const layout = 2;
const unread = { schema: layout, suites: [] };
const schema = z.object({ schema: z.number().catch(layout), suites: z.array(z.string()).readonly().catch([]) }).catch(unread);

/** Throws "destination" unless the folder is absent, empty, or a repository made by kovn-build. */
export async function assertOwn(place: string): Promise<void> {
  const found = await readdir(place).catch((cause: unknown): string[] => {
    if (errorCode(cause) === "ENOENT") return [];
    throw new BuildError("destination", `${place} is not a readable folder.`, { cause });
  });
  // A first run that was killed, or that runs now, may have left no more than what it stages.
  const names = found.filter((name) => name !== lockName && parseStaged(name) === undefined);
  if ((await readMarker(place))?.schema === 1)
    throw new BuildError("destination", `${place} was made by an earlier kovn-build: its suites are lines, not distributions.`, {
      hint: "name a new folder and publish all builds to it; its readers write `bookworm 1.12` instead of `1.12 default`",
    });
  if (names.includes(marker) || names.length === 0) return;
  throw new BuildError("destination", `${place} is not an apt repository made by kovn-build.`, {
    hint: "name a new or empty folder",
  });
}

/** Throws "destination" unless the parts of a suite can be written; each may be a mount point. */
export async function assertParts(suite: string, place: string): Promise<void> {
  for (const part of [".", ...["pool", "dists"].map((name) => join(name, suite))]) await assertWritable(join(place, part));
}

/** The suites of a repository that have had a state; undefined when it is not marked yet. */
export async function listSuites(place: string): Promise<readonly string[] | undefined> {
  return (await readMarker(place))?.suites;
}

async function readMarker(place: string): Promise<z.infer<typeof schema> | undefined> {
  const text = await readText(join(place, marker), "a manifest").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return unread;
  }
}

/** Marks the folder as a repository, with the suites that it has. */
export async function markOwn(place: string, ...suites: readonly string[]): Promise<void> {
  const { change, text } = await markOf(place, suites);
  if (change !== "same") await writeWhole(join(place, marker), text);
}

/** What becomes of the mark when the repository has these suites too. */
export async function changeOfMark(place: string, suites: readonly string[]): Promise<Intent["files"][number]> {
  return { change: (await markOf(place, suites)).change, name: marker };
}

async function markOf(place: string, suites: readonly string[]) {
  const known = await listSuites(place);
  const all = [...new Set([...(known ?? []), ...suites])].toSorted();
  const change = known === undefined ? "new" : all.length > known.length ? "replaced" : "same";
  return { change, text: `${JSON.stringify({ schema: layout, suites: all })}\n` } as const;
}
