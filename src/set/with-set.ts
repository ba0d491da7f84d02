import { mkdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Project } from "../config/project.ts";
import { findDists, readDist } from "../dist/read.ts";
import { whyUnverified } from "../dist/verified.ts";
import type { Host } from "../sys/exec.ts";
import { isFile } from "../sys/files.ts";
import { runTask } from "../sys/run-task.ts";
import { sayBytes } from "../sys/say-bytes.ts";
import { withScratch } from "../sys/with-scratch.ts";
import { checkSignature } from "./bundle-signature.ts";
import { unpackBundle } from "./bundle.ts";
import { makeSbom } from "./sbom.ts";
import { makeSet, type Allowance, type Candidate, type ReleaseSet } from "./set.ts";

/** Which unusual builds may be released. By default a build has a locked series on its pin, and passed `verify`. */
export interface AllowOptions {
  readonly allowAlternate: boolean;
  readonly allowUnlocked: boolean;
  readonly allowUnverified: boolean;
  /** What a person may allow at all; default: everything. */
  readonly exceptions?: readonly Allowance[];
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
  { allowAlternate, allowUnlocked, allowUnverified, exceptions }: AllowOptions,
  { project, host }: SetContext,
  use: (set: ReleaseSet) => Promise<T>,
): Promise<T> {
  const bundles = new Set<string>();
  for (const input of inputs) if (await isFile(input)) bundles.add(input);
  const read = async (scratch: string) => {
    const dists: Candidate[] = [];
    for (const [index, input] of inputs.entries()) {
      const folder = bundles.has(input) ? await unpack(input, join(scratch, String(index)), host) : input;
      // Messages name the bundle, not where it is unpacked.
      for (const found of await findDists(folder, input))
        dists.push({
          ...(await readDist(found, host, join(input, relative(folder, found)))),
          unverified: await whyUnverified(found),
        });
    }
    const allow: Allowance[] = [
      ...(allowAlternate ? (["alternate"] as const) : []),
      ...(allowUnlocked ? (["unlocked"] as const) : []),
      ...(allowUnverified ? (["unverified"] as const) : []),
    ];
    const set = makeSet(dists, allow, exceptions);
    return use({ ...set, sbom: await runTask(host, "write the SBOM", async () => makeSbom(set)) });
  };
  return bundles.size > 0 ? withScratch(project.work, "bundle", host, read) : read("");
}

async function unpack(bundle: string, dir: string, host: Host): Promise<string> {
  await mkdir(dir);
  await checkSignature(bundle, host);
  await runTask(host, `unpack ${bundle}`, async ({ task }) =>
    unpackBundle(bundle, dir, sayBytes(task, (await stat(bundle)).size)),
  );
  return dir;
}
