import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Project } from "../config/project.ts";
import { findDists, readDist, type Dist } from "../dist/read.ts";
import type { Host } from "../sys/exec.ts";
import { isFile } from "../sys/files.ts";
import { runTask } from "../sys/run-task.ts";
import { sayBytes } from "../sys/say-bytes.ts";
import { checkSignature } from "./bundle-signature.ts";
import { unpackBundle } from "./bundle.ts";
import { makeSbom } from "./sbom.ts";
import { makeSet, type Allowance, type ReleaseSet } from "./set.ts";

/** Which unusual builds may be released. By default a build has a locked series on its pin. */
export interface AllowOptions {
  readonly allowAlternate: boolean;
  readonly allowUnlocked: boolean;
}

export interface SetContext {
  readonly project: Project;
  readonly host: Host;
}

/**
 * Reads and checks builds (folders or bundles), and calls `use` with their set. Bundles are
 * unpacked during the call.
 */
export async function withSet<T>(
  inputs: readonly string[],
  { allowAlternate, allowUnlocked }: AllowOptions,
  { project, host }: SetContext,
  use: (set: ReleaseSet) => Promise<T>,
): Promise<T> {
  const unpacked: string[] = [];
  try {
    const dists: Dist[] = [];
    for (const input of inputs) {
      const folder = (await isFile(input)) ? await unpack(input, project.work, unpacked, host) : input;
      for (const found of await findDists(folder)) dists.push(await readDist(found, host));
    }
    const allow: Allowance[] = [
      ...(allowAlternate ? (["alternate"] as const) : []),
      ...(allowUnlocked ? (["unlocked"] as const) : []),
    ];
    const set = makeSet(dists, allow);
    return await use({ ...set, sbom: await runTask(host, "write the SBOM", async () => makeSbom(set)) });
  } finally {
    for (const dir of unpacked) await rm(dir, { recursive: true, force: true });
  }
}

async function unpack(bundle: string, work: string, unpacked: string[], host: Host): Promise<string> {
  const parent = join(work, "tmp");
  await mkdir(parent, { recursive: true });
  const dir = await mkdtemp(join(parent, "bundle-"));
  unpacked.push(dir);
  await checkSignature(bundle, host);
  await runTask(host, `unpack ${bundle}`, async ({ task }) =>
    unpackBundle(bundle, dir, sayBytes(task, (await stat(bundle)).size)),
  );
  return dir;
}
