import { basename, join } from "node:path";
import type { BuiltJob, Manifest } from "../../dist/manifest.ts";
import { readElfLabel } from "../../label/elf-note.ts";
import type { Label } from "../../label/label.ts";
import { readPeLabel } from "../../label/pe-resource.ts";
import { readSbomLabel, sbomName } from "../../label/sbom.ts";
import { listOf } from "../../list.ts";
import { readText } from "../../sys/read-file.ts";
import { count } from "../../sys/text.ts";
import type { Check } from "../check.ts";
import type { Subject } from "../subject.ts";

/** A file that may say how it was built. */
interface Labelled {
  readonly name: string;
  readonly label: Label | undefined;
}

/** What files say about themselves is what `artifacts.json` says of them. */
export const label: Check = {
  name: "label",
  proves: "Packages and programs say that they were built as artifacts.json says: the same commit, patches, variant and flags.",
  run: async (subject) => {
    const { manifest } = subject;
    const files = [...(await labelsOfArchives(subject)), ...(await labelsOfPrograms(subject))];
    const labelled = files.filter((file) => file.label !== undefined);
    if (labelled.length === 0) return { skipped: whyNone(subject) };
    return {
      evidence: [`${count(labelled.length, "label")} of packages and programs were compared.`],
      problems: files.flatMap((file) => problemsOf(file, manifest)),
    };
  },
};

function whyNone({ archives, programs, title }: Subject): string {
  const packages = archives.filter(({ artifact }) => artifact.package !== undefined).length;
  const looked = [
    ...(packages === 0 ? [] : [count(packages, "package")]),
    ...(programs.length === 0 ? [] : [count(programs.length, "program")]),
  ];
  if (looked.length === 0) return `${title} has neither packages nor programs`;
  return `none of ${looked.join(" and ")} says how it was built: an older kovn-build, or steps of your own, wrote no labels`;
}

async function labelsOfArchives({ archives }: Subject): Promise<readonly Labelled[]> {
  const packages = archives.filter(({ artifact }) => artifact.package !== undefined);
  return Promise.all(
    packages.map(async ({ artifact, path, dir, files }) => {
      const sbom = files.find((file) => basename(file) === sbomName);
      const text = sbom === undefined ? undefined : await readText(join(dir, sbom), "a manifest", { follow: false });
      return { name: artifact.package ?? basename(path), label: text === undefined ? undefined : readSbomLabel(text) };
    }),
  );
}

async function labelsOfPrograms({ programs }: Subject): Promise<readonly Labelled[]> {
  const read = programs.map(async ({ name, path, format }) => ({
    name,
    label: await (format === "elf" ? readElfLabel(path) : readPeLabel(path)),
  }));
  return Promise.all(read);
}

function problemsOf({ name, label: own }: Labelled, manifest: Manifest): readonly string[] {
  if (own === undefined) return [`${name} does not say how it was built.`];
  const jobs = manifest.jobs.filter(({ source }) => source === own.source);
  const differences = jobs.map((job) => differencesOf(own, manifest, job));
  if (differences.some((list) => list.length === 0)) return [];
  const [first = [`source ${own.source}, which artifacts.json does not have`]] = differences;
  return [`${name} says that it was built otherwise: ${listOf(first, "; ")}.`];
}

/** What a label says otherwise than `artifacts.json`. What a label lacks is the same for all architectures. */
function differencesOf(own: Label, manifest: Manifest, job: BuiltJob): readonly string[] {
  const { target, line, variant, arch, flags } = manifest;
  const commit = job.packaged?.commit ?? job.patchedCommit;
  const pairs = [
    ["target", own.target, target],
    ["line", own.line, line],
    ["variant", own.variant, variant],
    ["architecture", own.arch ?? arch, arch],
    ["flags", own.flags ?? flags, flags],
    ["commit", own.packaged?.commit ?? own.patchedCommit, commit],
  ] as const;
  const names = (patches: Label["series"]) => new Set(patches.map((patch) => `${patch.name} ${patch.sha256}`));
  const [says, should] = [names(own.series), names(job.series)];
  return [
    ...pairs.flatMap(([what, said, right]) => (said === right ? [] : [`${what} ${said} instead of ${right}`])),
    ...[...should].filter((one) => !says.has(one)).map((one) => `without patch ${one.split(" ", 1)[0]}`),
    ...[...says].filter((one) => !should.has(one)).map((one) => `with patch ${one.split(" ", 1)[0]}`),
  ];
}
