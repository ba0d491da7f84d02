import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { BuildError } from "../errors.ts";
import type { Asset } from "../set/assets.ts";
import type { GitHubAccess } from "../sys/github.ts";
import type { ReleaseText } from "./github-release.ts";
import type { LeftOut, ReleaseSet } from "../set/set.ts";
import { freeSpace, whyUnwritable } from "../sys/disk.ts";
import { findPlanted } from "../sys/planted.ts";
import type { Host } from "../sys/exec.ts";
import { cloneFile, sha256File, type OnBytes } from "../sys/files.ts";
import type { Signer } from "../sys/gpg.ts";
import { listOf } from "../list.ts";
import { lockBeside, lockIn, withLock } from "../sys/with-lock.ts";

export interface PublishOptions {
  readonly host: Host;
  /** Who signs; undefined for nobody. */
  readonly signer: Signer | undefined;
  /** Primary keys whose signature of an apt repository is believed as well; default: none. */
  readonly formerKeys?: readonly string[];
  /** When the command began, in milliseconds since 1970: a state that is made again has the same text. */
  readonly now?: number;
  /** How many versions of each package stay; undefined for all. */
  readonly keep: number | undefined;
  readonly github: GitHubAccess;
  /** The text of the release; only GitHub needs it. */
  readonly release: ReleaseText | undefined;
}

/**
 * What a publish changed, as paths relative to the destination; nothing when all was there already.
 */
export interface Outcome {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Published files that were missing or altered, and have their bytes again. */
  readonly repaired?: readonly string[];
  /** What others are in the place of: signatures of another key, and half uploads to a draft. */
  readonly replaced?: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** A page that shows the result. */
  readonly url?: string;
  /** Images, each with its digest. */
  readonly images?: readonly string[];
}

/**
 * What a publish does with a file: `same` leaves it, `dropped` no longer offers it, and a later
 * publish removes it.
 */
export type Change = "new" | "same" | "repaired" | "replaced" | "dropped" | "removed";

/** What a publish is going to do at a destination. */
export interface Intent {
  /** Files, as paths relative to the destination. */
  readonly files: readonly { readonly change: Change; readonly name: string }[];
  readonly leftOut: readonly LeftOut[];
  /** The release on GitHub. */
  readonly release?: ReleaseText;
  /** Images, each with its digest. */
  readonly images?: readonly string[];
}

/** Files with the same change. */
export function filesWith(change: Change, names: readonly string[]): Intent["files"] {
  return names.map((name) => ({ change, name }));
}

/** What a publish changed that did what it was going to do. */
export function outcomeOf({ files, leftOut, images }: Intent): Outcome {
  const all = (...changes: readonly Change[]) => files.flatMap(({ change, name }) => (changes.includes(change) ? [name] : []));
  return {
    added: all("new"),
    removed: all("removed"),
    repaired: all("repaired"),
    replaced: all("replaced"),
    leftOut,
    ...(images === undefined ? {} : { images }),
  };
}

/** What several changes of a destination come to. */
export function joinOutcomes(outcomes: readonly Outcome[]): Outcome {
  const all = (kind: "added" | "removed" | "repaired" | "replaced") => outcomes.flatMap((outcome) => outcome[kind] ?? []);
  return {
    added: all("added"),
    removed: all("removed"),
    repaired: all("repaired"),
    replaced: all("replaced"),
    leftOut: outcomes.flatMap(({ leftOut }) => leftOut),
  };
}

/** An asset, and where it goes. */
export interface Placed {
  readonly name: string;
  readonly to: string;
}

/** A kind of destination: one file in this folder, and one line in registry.ts. */
export interface Publisher {
  readonly kind: string;
  /** What follows `--to kind=` in messages, in capitals. */
  readonly place: string;
  /** True for a place on a server; else it is a path. */
  readonly remote?: true;
  /** True when the environment can name the place, so that `--to kind` is enough. */
  readonly placeFromEnv?: true;
  /** Throws "usage" for what cannot be a place; pure. */
  readonly assertPlace?: (place: string) => void;
  /** Says where each asset would go; pure. */
  preview(set: ReleaseSet, assets: readonly Asset[], place: string): readonly Placed[];
  /**
   * Returns what `publish` is going to do. Throws "destination" or "usage" when the place cannot
   * take the set. Changes nothing.
   */
  check(set: ReleaseSet, place: string, options: PublishOptions): Promise<Intent>;
  /**
   * Does what `check` returns if nobody has changed the place meanwhile. Publishes all of the set or
   * nothing, in an apt repository for each of its suites; files that are there already are unchanged.
   */
  publish(set: ReleaseSet, place: string, options: PublishOptions): Promise<Outcome>;
  /** How versions are taken out again; where a person does it, what to type. */
  readonly yank: Yanker | string;
  /**
   * Repairs what is published, without artifacts. `accept` is the id of the list of packages that a
   * person accepts although no signature vouches for them.
   */
  readonly repair?: (place: string, accept: string | undefined, options: YankOptions) => Promise<Outcome>;
}

export type YankOptions = Pick<PublishOptions, "host" | "signer" | "formerKeys" | "now">;

/** How a destination takes versions of packages out. */
export interface Yanker {
  /** Throws "destination" or "usage" when the place has none of the versions. Changes nothing. */
  check(versions: readonly string[], place: string, options: YankOptions): Promise<void>;
  /** Takes the versions out; nothing to do for those that were taken out before. */
  run(versions: readonly string[], place: string, options: YankOptions): Promise<Outcome>;
}

/** The error for versions that a destination does not have. */
export function noSuchVersion(place: string, absent: readonly string[], there: readonly string[]): BuildError {
  return new BuildError("usage", `${place} has no package of version ${listOf(absent)}. Available: ${listOf(there) || "none"}.`, {
    hint: "name versions of packages, as apt shows them",
  });
}

/** Reports that an apt repository will not be signed. */
export function noticeUnsigned(place: string, { signer, host }: YankOptions): void {
  if (signer === undefined)
    host.task.notice(`${place} is not signed: apt refuses it unless the reader trusts it without a signature (--sign KEY).`);
}

/** Throws "destination" when nothing can be written at a path or, if it does not exist, made there. */
export async function assertWritable(place: string): Promise<void> {
  const why = await whyUnwritable(place);
  if (why !== undefined) throw new BuildError("destination", `${place} cannot be written: ${why}.`);
}

/** Throws "destination" when the file system of a path has fewer free bytes. */
export async function assertSpace(place: string, bytes: number): Promise<void> {
  const free = await freeSpace(place);
  if (free.bytes < bytes)
    throw new BuildError("destination", `Not enough space for ${place}: it needs ${bytes} bytes, ${free.bytes} are free.`);
}

/** Copies a file to a new one, brings it to the disk, and checks its digest. Throws "digest". */
export async function copyChecked(from: string, to: string, sha256: string, onBytes: OnBytes): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cloneFile(from, to);
  const file = await open(to, "r+");
  try {
    await file.chmod(0o644);
    await file.sync();
  } finally {
    await file.close();
  }
  if ((await sha256File(to, onBytes)) !== sha256) throw new BuildError("digest", `${from} changed while it was copied.`);
}

/**
 * Runs `work` while no other process publishes to the place. A new place has no lock in it yet; one
 * that several containers mount has none beside it that they share. Throws "destination" for a
 * place that another user may have put there.
 */
export async function withPlace<T>(place: string, host: Host, work: () => Promise<T>): Promise<T> {
  await assertNotPlanted(place);
  const options = { host, other: `is publishing to ${place}` };
  return withLock(lockBeside(place), options, async () => withLock(lockIn(place), options, work));
}

async function assertNotPlanted(place: string): Promise<void> {
  const planted = await findPlanted(place);
  if (planted !== undefined)
    throw new BuildError(
      "destination",
      `${planted.path} belongs to user ${planted.owner}, in a folder where anybody may write.`,
      {
        hint: "name a place in a folder where only you may write",
      },
    );
}
