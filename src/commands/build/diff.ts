import { join } from "node:path";
import { compareBuilds, type ComparedBuilds, type ComparedJob } from "../../cache/compare-builds.ts";
import { distFolder } from "../../config/project.ts";
import { readManifest, type Artifact, type Manifest } from "../../dist/manifest.ts";
import { findDists, readDist } from "../../dist/read.ts";
import { BuildError } from "../../errors.ts";
import { examples, jsonOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import type { Host } from "../../sys/exec.ts";
import { isFile } from "../../sys/files.ts";
import { Json } from "../../sys/json.ts";
import { printable } from "../../sys/printable.ts";
import { formatSize } from "../../sys/size.ts";
import { count } from "../../sys/text.ts";

/** Two builds of a target, and how they differ. */
type Compared = ComparedBuilds & {
  readonly target: string;
  readonly line: string;
  readonly arch: string;
  readonly variant: string;
};

/** `kovn-build build diff`: says why two builds differ, and which files. */
export const buildDiff: Define = (command, context) => {
  command
    .argument("<before>", "folder of a build, such as dist or dist/linux, or an artifacts.json")
    .argument("[after]", "the same; default: dist in the project's folder")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build build diff old-dist", "say why dist/ differs from an earlier build"],
        ["kovn-build build diff a/artifacts.json b/artifacts.json", "compare two manifests"],
      ),
    )
    .action(async (before: string, after: string | undefined, options: { readonly json: boolean }) => {
      const now = after ?? distFolder(await context.project());
      const compared = await context.report.run(async ({ host }) => compareAll(before, now, host));
      const rows = compared.flatMap((one, index) => [...(index === 0 ? [] : [""]), ...showBuilds(one)]);
      context.print(options.json ? new Json({ schema: 1, builds: compared.map(dataOf) }) : `${rows.join("\n")}\n`);
    });
};

/** Compares the builds of two places, those of the same target, variant and architecture. */
async function compareAll(before: string, after: string, host: Host): Promise<readonly Compared[]> {
  const [olds, nows] = [await readBuilds(before, host), await readBuilds(after, host)];
  const [old, now] = [olds[0], nows[0]];
  const pairs =
    olds.length === 1 && nows.length === 1 && old !== undefined && now !== undefined
      ? [[old, now] as const]
      : olds.flatMap((one) =>
          nows.filter((other) => identityOf(other) === identityOf(one)).map((other) => [one, other] as const),
        );
  if (pairs.length === 0)
    throw new BuildError(
      "usage",
      `${before} and ${after} have no target in common: ${[...olds, ...nows].map(identityOf).join(", ")}.`,
      {
        hint: "name one folder of each, such as dist/linux",
      },
    );
  return pairs.map(([one, other]) => {
    const { target, line, arch, variant } = other;
    return { target, line, arch, variant, ...compareBuilds(one, other) };
  });
}

function identityOf({ target, arch, variant }: Manifest): string {
  return `${target} ${arch} ${variant}`;
}

/** Reads the builds at a path. Each byte of the files is checked; of an `artifacts.json` alone there are none. */
async function readBuilds(path: string, host: Host): Promise<readonly Manifest[]> {
  if (await isFile(path)) return [await readManifest(path)];
  const builds: Manifest[] = [];
  for (const folder of await findDists(path)) {
    const hasFiles = await hasArtifacts(folder);
    builds.push(hasFiles ? (await readDist(folder, host)).manifest : await readManifest(join(folder, "artifacts.json")));
  }
  return builds;
}

/** False for a folder of a run, which has the manifest only. */
async function hasArtifacts(folder: string): Promise<boolean> {
  return isFile(join(folder, "SHA256SUMS"));
}

function showBuilds({ target, line, arch, variant, builders, jobs }: Compared): readonly string[] {
  const head = `${target}, line ${line}, ${arch}, variant ${variant}`;
  return [head, ...builders.map((row) => `  ${printable(row)}`), ...jobs.flatMap(showJob)];
}

function showJob(compared: ComparedJob): readonly string[] {
  const { job, changes, isPartial, files, gone, same } = compared;
  if (compared.in !== "both") return [`  ${job}  only in the ${compared.in === "after" ? "second" : "first"} build`];
  const changed = files.length + gone.length;
  const unknown = isPartial
    ? ["    not known: steps, all packages, code of kovn-build; one of the builds did not record them"]
    : [];
  const bytes = [
    changed === 0 ? [] : [`${count(changed, "file")} differ${changed === 1 ? "s" : ""}`],
    same === 0 ? [] : [`${count(same, "file")} the same`],
  ];
  return [
    `  ${job}  ${summaryOf(compared)}`,
    ...changes.map((row) => `    ${printable(row)}`),
    ...unknown,
    `    ${bytes.flat().join(", ") || "no files"}`,
    ...files.map(({ artifact, before }) => `      ${artifact.file}  ${before === undefined ? "new" : growth(artifact, before)}`),
    ...gone.map(({ file }) => `      ${file}  is not in the second build`),
  ];
}

function summaryOf({ changes, isPartial, isSameTree, files, gone }: ComparedJob): string {
  const differ = files.length + gone.length > 0;
  if (changes.length > 0) return `${count(changes.length, "part")} differ${changes.length === 1 ? "s" : ""}`;
  if (!differ) return "nothing differs";
  if (isPartial) return `no part that both recorded differs${isSameTree ? ", and the source is the same" : ""}`;
  return "no part differs, so the same input made other bytes: this job is not reproducible";
}

function growth({ size }: Artifact, before: Artifact): string {
  const bytes = size - before.size;
  if (bytes === 0) return "same size";
  const less = Math.abs(bytes);
  return `${bytes < 0 ? "-" : "+"}${less < 1000 ? count(less, "byte") : formatSize(less)}`;
}

function dataOf({ jobs, ...rest }: Compared): Readonly<Record<string, unknown>> {
  const own = ({ job, in: where, changes, isPartial, isSameTree, files, gone, same }: ComparedJob) => ({
    ...{ job, in: where, changes, isPartial, isSameTree, same, gone },
    files: files.map(({ artifact, before }) => ({ ...artifact, ...(before === undefined ? {} : { before }) })),
  });
  return { ...rest, jobs: jobs.map(own) };
}
