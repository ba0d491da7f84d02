import { join } from "node:path";
import { z } from "zod";
import { listOf } from "../list.ts";
import { sha256 } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { readText } from "../sys/read-file.ts";
import { sha256Schema } from "../sys/schemas.ts";
import { writeWhole } from "../sys/write-whole.ts";

/** The record of `verify`, beside `artifacts.json`. */
export const verifiedName = "verified.json";

const schema = z.object({
  schema: z.literal(1),
  /** sha256 of the `artifacts.json` that was verified, which has the digests of all files. */
  artifacts: sha256Schema,
  /** False if nothing was installed and run (`--no-run`). */
  run: z.boolean(),
  /** The verdict of each check. */
  checks: z.record(z.string(), z.enum(["pass", "fail", "skipped"])),
});

/** What `verify` found in a folder of artifacts. */
export type Verified = Readonly<z.infer<typeof schema>>;

/** The sha256 of a folder's `artifacts.json`, which a record is bound to. */
export async function digestOfManifest(folder: string): Promise<string> {
  return sha256(await readText(join(folder, "artifacts.json"), "a manifest"));
}

/**
 * Writes the record of a folder. Of other checks, what an earlier record says of the same bytes stays:
 * looking at less takes nothing back. The same verdicts give the same bytes.
 */
export async function writeVerified(folder: string, record: Omit<Verified, "schema">): Promise<void> {
  const { artifacts } = record;
  // One that cannot be read is replaced.
  const text = await readRecord(folder).catch(() => undefined);
  const before = text === undefined ? undefined : parse(text);
  const earlier = before?.artifacts === artifacts ? before : undefined;
  const checks = { ...earlier?.checks, ...record.checks };
  const whole = { schema: 1, artifacts, run: record.run || earlier?.run === true, checks };
  await writeWhole(join(folder, verifiedName), `${JSON.stringify(whole, undefined, 2)}\n`);
}

/** Why a folder does not count as verified, as the end of a sentence; undefined if it does. */
export async function whyUnverified(folder: string): Promise<string | undefined> {
  const text = await readRecord(folder);
  if (text === undefined) return "was not verified";
  const record = parse(text);
  if (record === undefined) return `has a ${verifiedName} that cannot be read`;
  if (record.artifacts !== (await digestOfManifest(folder))) return "changed after it was verified";
  const failed = Object.entries(record.checks).flatMap(([name, verdict]) => (verdict === "fail" ? [name] : []));
  if (failed.length > 0) return `failed \`verify\` (${listOf(failed)})`;
  if (!record.run) return "was verified with --no-run only";
  return Object.values(record.checks).includes("pass") ? undefined : "passed no check of `verify`";
}

async function readRecord(folder: string): Promise<string | undefined> {
  return readText(join(folder, verifiedName), "a manifest").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
}

function parse(text: string): Verified | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
