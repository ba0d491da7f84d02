import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { BuildError } from "../errors.ts";
import type { Asset } from "../set/assets.ts";
import type { GitHubAccess } from "../sys/github.ts";
import type { ReleaseText } from "./github-release.ts";
import type { LeftOut, ReleaseSet } from "../set/set.ts";
import { freeSpace } from "../sys/disk.ts";
import type { Host } from "../sys/exec.ts";
import { cloneFile, sha256File, type OnBytes } from "../sys/files.ts";
import type { Signer } from "../sys/gpg.ts";

export interface PublishOptions {
  readonly host: Host;
  /** Who signs; undefined for nobody. */
  readonly signer: Signer | undefined;
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
  readonly leftOut: readonly LeftOut[];
  /** A page that shows the result. */
  readonly url?: string;
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
  /** True when the environment can name the place, so that `--to kind` is enough. */
  readonly placeFromEnv?: true;
  /** Says where each asset would go; pure. */
  preview(set: ReleaseSet, assets: readonly Asset[], place: string): readonly Placed[];
  /** Throws "destination" or "usage" when the place cannot take the set. Changes nothing. */
  check(set: ReleaseSet, place: string, options: PublishOptions): Promise<void>;
  /** Publishes all of the set or nothing; files that are there already are unchanged. */
  publish(set: ReleaseSet, place: string, options: PublishOptions): Promise<Outcome>;
}

/** Throws "destination" when the file system of a path has fewer free bytes. */
export async function assertSpace(place: string, bytes: number): Promise<void> {
  const free = await freeSpace(place);
  if (free.bytes < bytes)
    throw new BuildError("destination", `Not enough space for ${place}: it needs ${bytes} bytes, ${free.bytes} are free.`);
}

/** Copies a file, flushes it to the disk, and checks its digest. Throws "digest". */
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
