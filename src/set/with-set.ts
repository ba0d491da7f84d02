import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Project } from "../config/project.ts";
import { findDists, readDist, type Dist } from "../dist/read.ts";
import { isFile } from "../sys/files.ts";
import { unpackBundle } from "./bundle.ts";
import { makeSbom } from "./sbom.ts";
import { makeSet, type Allowance, type ReleaseSet } from "./set.ts";

/** Which unusual builds may be released. By default a build has a locked series on its pin. */
export interface AllowOptions {
  readonly allowAlternate: boolean;
  readonly allowUnlocked: boolean;
}

/**
 * Reads and checks builds (folders or bundles), and calls `use` with their set. Bundles are
 * unpacked during the call.
 */
export async function withSet<T>(
  inputs: readonly string[],
  { allowAlternate, allowUnlocked }: AllowOptions,
  { work }: Project,
  use: (set: ReleaseSet) => Promise<T>,
): Promise<T> {
  const unpacked: string[] = [];
  try {
    const dists: Dist[] = [];
    for (const input of inputs) {
      const folder = (await isFile(input)) ? await unpack(input, work, unpacked) : input;
      for (const found of await findDists(folder)) dists.push(await readDist(found));
    }
    const allow: Allowance[] = [
      ...(allowAlternate ? (["alternate"] as const) : []),
      ...(allowUnlocked ? (["unlocked"] as const) : []),
    ];
    const set = makeSet(dists, allow);
    return await use({ ...set, sbom: await makeSbom(set) });
  } finally {
    for (const dir of unpacked) await rm(dir, { recursive: true, force: true });
  }
}

async function unpack(bundle: string, work: string, unpacked: string[]): Promise<string> {
  const parent = join(work, "tmp");
  await mkdir(parent, { recursive: true });
  const dir = await mkdtemp(join(parent, "bundle-"));
  unpacked.push(dir);
  await unpackBundle(bundle, dir);
  return dir;
}
