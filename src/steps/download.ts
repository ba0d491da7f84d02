import { join } from "node:path";
import { z } from "zod";
import { download as fetchFile } from "../sys/download.ts";
import { pathSchema, sha256Schema } from "../sys/schemas.ts";
import { unpackZip } from "../sys/zip.ts";
import { writeTemporary } from "../sys/write-whole.ts";
import type { StepContext, StepKind } from "./step.ts";

const schema = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).describe("Address of a zip archive."),
    sha256: sha256Schema.describe("sha256 of the archive. Other bytes are refused."),
    folder: pathSchema.describe("Folder of the job to unpack the archive into."),
  })
  .describe("Downloads a zip archive that the build needs besides its source, and unpacks it in the job's folder.");

type Input = z.infer<typeof schema>;

/**
 * `uses: download`: downloads a zip archive, checks its sha256 and unpacks it in the job's folder.
 */
export const download: StepKind<"download", Input> = { name: "download", schema, run, makes: ({ folder }) => [folder] };

async function run({ url, sha256, folder }: Input, { dir, host, onLines }: StepContext): Promise<void> {
  const file = join(dir, "tmp/download.zip");
  await writeTemporary(file, await fetchFile(url, sha256, host));
  await unpackZip(file, join(dir, folder));
  await onLines([`kovn-build: ${url} unpacked into ${folder}`]);
}
