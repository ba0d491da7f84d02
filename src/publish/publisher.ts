import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { BuildError } from "../errors.ts";
import type { Asset } from "../set/assets.ts";
import type { GitHubAccess } from "../sys/github.ts";
import type { ReleaseText } from "./github-release.ts";
import type { LeftOut, ReleaseSet } from "../set/set.ts";
import { freeSpace } from "../sys/disk.ts";
import type { Host } from "../sys/exec.ts";
import { cloneFile, sha256File } from "../sys/files.ts";
import type { Signer } from "../sys/gpg.ts";

export interface PublishOptions {
  readonly host: Host;
  /** Who signs; nobody when undefined. */
  readonly signer: Signer | undefined;
  /** How many versions of a package stay; all when undefined. */
  readonly keep: number | undefined;
  readonly github: GitHubAccess;
  /** The release that the set is; only GitHub asks for it. */
  readonly release: ReleaseText | undefined;
  /** Receives progress. */
  readonly tell: (text: string) => void;
}

/** What a publish did: paths below the place. None added and none removed means that all was there. */
export interface Outcome {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** A page that shows what was published. */
  readonly url?: string;
}

/** Where an asset will be found. */
export interface Placed {
  readonly name: string;
  readonly to: string;
}

/** A kind of place to publish to: one file in this folder, and one line in registry.ts. */
export interface Publisher {
  readonly kind: string;
  /** What follows `--to kind=`, in capitals, for messages. */
  readonly place: string;
  /** True when the environment may say the place, so that `--to kind` is enough. */
  readonly placeFromEnv?: true;
  /** Says where each asset would go; pure. */
  preview(set: ReleaseSet, assets: readonly Asset[], place: string): readonly Placed[];
  /** Looks whether the place takes the set, and changes nothing. Throws "destination" (or "usage") when it does not. */
  check(set: ReleaseSet, place: string, options: PublishOptions): Promise<void>;
  /** Publishes, all or nothing; what is there already stays as it is. */
  publish(set: ReleaseSet, place: string, options: PublishOptions): Promise<Outcome>;
}

/** Throws "destination" when the file system of a place has less than so many bytes. */
export async function assertSpace(place: string, bytes: number): Promise<void> {
  const free = await freeSpace(place);
  if (free.bytes < bytes)
    throw new BuildError("destination", `There is no space for ${place}: it takes ${bytes} bytes, and ${free.bytes} are left.`);
}

/** Copies a file, flushed to the disk, and checks what arrived. Throws "digest". */
export async function copyChecked(from: string, to: string, sha256: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cloneFile(from, to);
  const file = await open(to, "r+");
  try {
    await file.chmod(0o644);
    await file.sync();
  } finally {
    await file.close();
  }
  if ((await sha256File(to)) !== sha256) throw new BuildError("digest", `${from} changed while it was copied.`);
}
