import { pickLine, readLines } from "../config/lines.ts";
import { readPipelines, type Pipeline } from "../config/pipeline.ts";
import type { Project } from "../config/project.ts";
import { readSeed } from "../config/seed.ts";
import { listSeries } from "../config/series.ts";
import { listSources } from "../config/source.ts";
import type { Candidate, Offer, Wanted } from "../program/complete.ts";
import { hostRoot, knownRoots } from "../root/known.ts";
import { listRuns } from "../run/prune-runs.ts";

type Values = (project: Project, wanted: Wanted) => Promise<readonly Candidate[]>;

/** What a value with this name in help may be: words of the project, or a path; nothing if only a person knows it. */
const byName: Readonly<Record<string, Values | "files" | "folders" | "nothing">> = {
  target: async (project) => fromPipelines(project, (one) => [one.target]),
  toolchain: async (project) => fromPipelines(project, ({ toolchain }) => toolchain ?? []),
  job: async (project, { place }) => {
    const [target] = place.options.get("target") ?? [];
    return fromPipelines(project, (one) => (target === undefined || one.target === target ? Object.keys(one.jobs) : []));
  },
  variant: async (project) => fromPipelines(project, ({ flags }) => Object.keys(flags)),
  arch: async (project) => fromPipelines(project, ({ flags }) => Object.values(flags).flatMap((one) => Object.keys(one))),
  root: async () => [
    { word: hostRoot, about: "this machine" },
    ...knownRoots.map(({ name, codename }) => ({ word: name, about: codename })),
  ],
  line: async (project) => {
    const { all, first } = await readLines(project);
    const about = ({ name, standsFor = "", supportedUntil: until }: (typeof all)[number]) =>
      [
        standsFor,
        ...(until === undefined ? [] : [`supported until ${until}`]),
        ...(name === first?.name ? ["default"] : []),
      ].join(", ");
    return all.map((line) => ({ word: line.name, about: about(line) }));
  },
  source: sources,
  patch: patches,
  checks: async (project, wanted) => [
    ...(await readSeed(project)).map(({ entry, title }) => ({ word: String(entry), about: title })),
    ...(await patches(project, wanted)),
  ],
  run: async ({ work }) => (await listRuns(work)).map((word) => ({ word })),
  where: forms,
  clone: forms,
  destination: forms,
  dir: "folders",
  file: "files",
  files: "files",
  artifacts: "files",
  paths: "files",
  before: "files",
  after: "files",
  patches: "files",
  command: "files",
  ...nothing(
    "url",
    "hosts",
    "n",
    "key",
    "id",
    "tag",
    "words",
    "commit",
    "address",
    "name",
    "version",
    "versions",
    "bytes",
    "repository",
  ),
};

function nothing(...names: readonly string[]): Readonly<Record<string, "nothing">> {
  return Object.fromEntries(names.map((name) => [name, "nothing"]));
}

/** Names of values that are known here. */
export const knownValues: readonly string[] = Object.keys(byName);

/** Finds the values of an option or argument. Reads the project only where its files say them. */
export async function listValues(wanted: Wanted, project: () => Promise<Project>): Promise<Offer> {
  const of = byName[wanted.name] ?? "nothing";
  if (of === "nothing") return {};
  if (typeof of === "string") return { paths: of };
  const words = await of(await project(), wanted);
  // After `ovs=`, `apt=` and the like stands a path, after `oci=` the name of a registry.
  const open = words.find(({ word }) => word.endsWith("=") && wanted.typed.startsWith(word));
  if (open?.word === "oci=") return {};
  if (open !== undefined) return { paths: open.word === "tar=" ? "files" : "folders", after: open.word };
  return { words };
}

async function fromPipelines(project: Project, of: (one: Pipeline) => string | readonly string[]): Promise<readonly Candidate[]> {
  const all = await readPipelines(project);
  const words = all.flatMap((one) => [of(one)].flat().map((word) => ({ word, about: one.name })));
  return words.filter(({ word }, index) => words.findIndex((other) => other.word === word) === index);
}

/** The line of a command line; the default one if it names none. */
async function lineOf(project: Project, { place: { options } }: Wanted): Promise<string> {
  return pickLine(project, options.get("line")?.[0]);
}

async function sources(project: Project, wanted: Wanted): Promise<readonly Candidate[]> {
  return (await listSources(project, await lineOf(project, wanted))).map((word) => ({ word }));
}

/** The patches of the source that is named before; of every source if none is. */
async function patches(project: Project, wanted: Wanted): Promise<readonly Candidate[]> {
  const line = await lineOf(project, wanted);
  const all = await listSources(project, line);
  const named = wanted.place.command.registeredArguments[0]?.name() === "source" ? wanted.place.args.slice(0, 1) : all;
  const found: Candidate[] = [];
  for (const source of all.filter((one) => named.includes(one)))
    for (const file of await listSeries(project, line, source)) found.push({ word: file.replace(/\.patch$/, ""), about: source });
  return found.filter(({ word }) => !wanted.place.args.includes(word));
}

/** The forms that a description begins with: `auto | git | SOURCE=PATH_OR_URL: where sources come from`. */
async function forms(project: Project, wanted: Wanted): Promise<readonly Candidate[]> {
  const [described = ""] = /^[^:;]+/.exec(wanted.description) ?? [];
  const found: Candidate[] = [];
  for (const form of described.split("|").map((one) => one.trim())) {
    const [, word = "", isOpen] = /^([A-Za-z]+)(=)?/.exec(form) ?? [];
    if (word === "SOURCE") found.push(...(await sources(project, wanted)).map((one) => ({ word: `${one.word}=`, about: form })));
    else found.push({ word: `${word}${isOpen ?? ""}`, about: form });
  }
  return found;
}
