import { basename, join } from "node:path";
import { globInside } from "../sys/glob.ts";
import { z } from "zod";
import { BuildError } from "../errors.ts";
import { makeOwnSbom, sbomName } from "../label/sbom.ts";
import { writeTemporary } from "../sys/write-whole.ts";
import { writeZip, type ZipMember } from "../sys/zip.ts";
import { pathSchema } from "../sys/schemas.ts";
import { insidePattern } from "./path.ts";
import type { StepContext, StepKind } from "./step.ts";
import { count } from "../sys/text.ts";

const schema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9-]+$/, "expected letters, digits and hyphens")
      .describe("Name of the archive: `<name>-<version>-win64.zip`."),
    folder: z
      .string()
      .regex(/^[a-z]+$/, "expected small letters")
      .describe("Folder that the archive unpacks to."),
    files: z
      .record(pathSchema.describe("folder"), z.array(insidePattern).min(1))
      .describe("Files of the job (glob patterns) for each folder of the archive. Symbolic links are left out."),
    folders: z.array(pathSchema).default([]).describe("Empty folders of the archive."),
  })
  .describe("Packs files of the job and an SBOM into a zip archive in `out/`. The same files give the same archive.");

type Input = z.infer<typeof schema>;

/**
 * `uses: zip`: packs files of the job into an archive in `out/`. The same files give the same
 * archive.
 */
export const zip: StepKind<"zip", Input> = { name: "zip", schema, run, makes: ({ name }) => [`${name}-*.zip`] };

async function run({ name, folder, files, folders }: Input, context: StepContext): Promise<void> {
  const members: ZipMember[] = folders.map((empty) => ({ name: `${folder}/${empty}` }));
  for (const [inside, patterns] of Object.entries(files))
    for (const pattern of patterns) {
      const found = await globInside(pattern, context.dir, { followSymbolicLinks: false });
      if (found.length === 0) throw new BuildError("build", `No file of the job matches \`${pattern}\`.`);
      members.push(...found.map((path) => ({ name: `${folder}/${inside}/${basename(path)}`, path: join(context.dir, path) })));
    }
  const version = `${context.version}${context.versionSuffix}`;
  const sbom = join(context.dir, "tmp", `${name}.cdx.json`);
  await writeTemporary(sbom, makeOwnSbom({ name, version }, context.label));
  members.push({ name: `${folder}/${sbomName}`, path: sbom });
  const file = `${name}-${version}-win64.zip`;
  await writeZip(join(context.dir, "out", file), members, context.epoch);
  await context.onLines([`kovn-build: ${file}: ${count(members.length, "member")}`]);
}
