import { z } from "zod";
import { builtJobSchema, manifestSchema, type BuiltJob, type Manifest } from "../dist/manifest.ts";

const head = manifestSchema.pick({ target: true, line: true, variant: true });
const job = builtJobSchema.pick({
  source: true,
  version: true,
  revision: true,
  license: true,
  base: true,
  baseCommit: true,
  patchedCommit: true,
  patchedTree: true,
  packaged: true,
  missingPicks: true,
  distribution: true,
});
const patches = z
  .array(z.object({ name: z.string(), sha256: z.string(), seed: z.string(), subject: z.string(), origin: z.string() }).readonly())
  .readonly();

/**
 * What a built file says about itself: how it was built. It is a function of the plan and the patched
 * commit, so that the file has the same bytes on every machine: neither clock nor machine are in it.
 */
export const labelSchema = z.object({
  ...head.shape,
  ...job.shape,
  /** Absent in packages for all architectures, which are the same from each. */
  arch: manifestSchema.shape.arch.exactOptional(),
  flags: z.string().exactOptional(),
  picks: z
    .array(z.object({ commit: z.string(), why: z.string(), without: z.array(z.string()).readonly() }).readonly())
    .readonly()
    .exactOptional(),
  series: patches,
  packaging: patches.exactOptional(),
  /** Time of the patched commit, in seconds since 1970. Absent in what `artifacts.json` says. */
  epoch: z.int().nonnegative().exactOptional(),
  /** Who builds: a name and a mail address. Absent in what `artifacts.json` says. */
  by: z.string().exactOptional(),
});

/** What a built file says about itself. */
export type Label = Readonly<z.infer<typeof labelSchema>>;

/** Makes the label of what a job makes. */
export function makeLabel(
  { target, line, variant, arch, flags }: Pick<Manifest, "target" | "line" | "variant" | "arch" | "flags">,
  built: BuiltJob,
  made: Pick<Label, "epoch" | "by">,
): Label {
  const label = { target, line, variant, arch, flags, ...built, ...made };
  return labelSchema.parse(label);
}

/** Reads a label that a file has; undefined for anything else. */
export function parseLabel(text: string): Label | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return labelSchema.safeParse(value).data;
}
