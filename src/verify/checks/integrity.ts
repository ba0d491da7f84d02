import { basename, join } from "node:path";
import { checksums } from "../../dist/artifact.ts";
import type { Artifact } from "../../dist/manifest.ts";
import { findChanged, findUnnamed } from "../../dist/read.ts";
import { packageFields } from "../../sys/deb.ts";
import type { Host } from "../../sys/exec.ts";
import { isFile } from "../../sys/files.ts";
import { readText } from "../../sys/read-file.ts";
import { sumOfSizes } from "../../sys/say-bytes.ts";
import { formatSize } from "../../sys/size.ts";
import { count } from "../../sys/text.ts";
import type { Check } from "../check.ts";
import type { Subject } from "../subject.ts";

/** The files are those that the build wrote, byte by byte. */
export const integrity: Check = {
  name: "integrity",
  proves:
    "The files are those that artifacts.json names, with their sizes and digests, and nothing more or less; each can be unpacked.",
  run: async (subject, host) => {
    const { artifacts, broken } = subject;
    const changed = await findChanged(subject, artifacts, host.task);
    const problems = [...(await folderProblems(subject)), ...changed, ...broken, ...(await packageProblems(subject, host))];
    const size = formatSize(sumOfSizes(artifacts));
    return { evidence: [`${count(artifacts.length, "file")} with ${size} were read: sizes and sha256 compared.`], problems };
  },
};

/** What is wrong with the folder as a whole; nothing when one file was asked for. */
async function folderProblems(subject: Subject): Promise<readonly string[]> {
  const { file, folder, shown, manifest } = subject;
  if (file !== undefined) return [];
  const unnamed = await findUnnamed(subject);
  const sums = join(folder, "SHA256SUMS");
  const isRight = (await isFile(sums)) && (await readText(sums, "a manifest")) === checksums(manifest.artifacts);
  return [
    ...unnamed.map((one) => `${join(shown, one)} is one file too many: artifacts.json does not name it.`),
    ...(isRight ? [] : [`${join(shown, "SHA256SUMS")} is missing, or differs from artifacts.json.`]),
  ];
}

/** A package of another tool, or another version, in the place of one of the build. */
async function packageProblems({ archives }: Subject, host: Host): Promise<readonly string[]> {
  const found = archives.map(async ({ artifact, path }) => {
    if (artifact.package === undefined) return [];
    const fields = await packageFields(path, { host });
    const say = (one: Partial<Artifact>) => `${one.package} ${one.version} for ${one.architecture}`;
    return say(fields) === say(artifact) ? [] : [`${basename(path)} is ${say(fields)}, artifacts.json says ${say(artifact)}.`];
  });
  return (await Promise.all(found)).flat();
}
