import { join } from "node:path";
import { Option } from "commander";
import { parseFrom } from "../../config/from.ts";
import { unknownName } from "../../config/names.ts";
import { pickLine } from "../../config/lines.ts";
import type { Project } from "../../config/project.ts";
import { findDists } from "../../dist/read.ts";
import { readManifest, type Manifest } from "../../dist/manifest.ts";
import { BuildError } from "../../errors.ts";
import { compareStates, type LineDiff } from "../../patches/diff/compare-states.ts";
import { diffData } from "../../patches/diff/data.ts";
import { diffMarkdown } from "../../patches/diff/markdown.ts";
import { showDiff } from "../../patches/diff/show.ts";
import { findCommit, openState, type StateName } from "../../patches/diff/state.ts";
import type { Context } from "../../program/context.ts";
import { examples, jsonOption, lineOption, pinOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { releasedVersions, tagOf } from "../../release/version.ts";
import type { Host } from "../../sys/exec.ts";
import { exists, isFile } from "../../sys/files.ts";
import { git, tryGit } from "../../sys/git.ts";
import { Json } from "../../sys/json.ts";
import { withScratch } from "../../sys/with-scratch.ts";

interface DiffOptions {
  readonly line?: string;
  readonly from: readonly string[];
  readonly stat: boolean;
  readonly markdown: boolean;
  readonly json: boolean;
}

interface Place {
  readonly project: Project;
  readonly host: Host;
}

/** `kovn-build patches diff`: shows how a line differs between two of its states. */
export const patchesDiff: Define = (command, context) => {
  command
    .argument("[before]", "tag, branch, commit, or artifacts.json; default: HEAD if files changed since, else the last release")
    .argument("[after]", "the same; default: the files as they are now")
    .option("--stat", "list what changed, without diffs of patches and without upstream's commits", false)
    .addOption(new Option("--markdown", "print Markdown, as for a pull request").default(false).conflicts(["stat", "json"]))
    .addOption(lineOption())
    .addOption(pinOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build patches diff", "show what you changed"],
        ["kovn-build patches diff v1.12.0 --stat", "list what changed since a release"],
        ["kovn-build patches diff main my-branch --markdown", "write it for a pull request"],
        ["kovn-build patches diff old/artifacts.json dist", "show what is between two builds"],
      ),
    )
    .action(async (before: string | undefined, after: string | undefined, options: DiffOptions) => {
      const project = await context.project();
      const diffs = await context.report.run(async ({ host }) => compare(before, after, options, { project, host }));
      const differ = diffs.filter(({ sources }) => sources.length > 0);
      if (differ.length > 0) context.actions?.summarize(diffMarkdown(differ));
      show(diffs, options, context);
    });
};

function show(diffs: readonly LineDiff[], { json, markdown, stat }: DiffOptions, { print }: Context): void {
  if (json) print(new Json({ schema: 1, lines: diffs.map(diffData) }));
  else print(markdown ? diffMarkdown(diffs) : diffs.map((diff) => showDiff(diff, !stat)).join("\n"));
}

async function compare(
  before: string | undefined,
  after: string | undefined,
  options: DiffOptions,
  place: Place,
): Promise<readonly LineDiff[]> {
  const { project, host } = place;
  const [from, to] = await readRange(before, after, place);
  const now: StateName = to === undefined ? { kind: "tree" } : await findState(to, place);
  const old = from === undefined ? await defaultState(options.line, place) : await findState(from, place);
  const asked = await lineOf([old, now], options.line, project);
  return withScratch(project.work, "diff", host, async (dir) => {
    const open = async (state: StateName, folder: string) => openState(state, { project, host, dir: join(dir, folder) });
    const states = [await open(old, "before"), await open(now, "after")] as const;
    const lines = asked === undefined ? [...new Set([...states[1].lines, ...states[0].lines])] : [asked];
    const pairs = [];
    for (const line of lines) pairs.push([line, await states[0].read(line), await states[1].read(line)] as const);
    const sources = pairs.flatMap(([, ...pair]) => pair.flatMap((state) => state.sources.map(({ name }) => name)));
    const given = parseFrom(options.from, [...new Set(sources)], []);
    const diffs: LineDiff[] = [];
    for (const pair of pairs)
      diffs.push(await compareStates(...pair, { project, host, from: given, offline: false, trees: !options.stat }));
    return diffs;
  });
}

/** The two states that are named. A single one may be a range, as git writes it. */
async function readRange(
  before: string | undefined,
  after: string | undefined,
  place: Place,
): Promise<readonly [before: string | undefined, after: string | undefined]> {
  const [, first = "", dots, second = ""] = /^(.+?)(\.\.\.?)([^.].*)$/.exec(before ?? "") ?? [];
  if (after !== undefined || dots === undefined || (await exists(before ?? ""))) return [before, after];
  return [dots === "..." ? await forkOf(first, second, place) : first, second];
}

/** The line to compare: that of the builds, or the one of `--line`; undefined for all. */
async function lineOf(states: readonly StateName[], option: string | undefined, project: Project): Promise<string | undefined> {
  const [line, other] = new Set(states.flatMap((state) => (state.kind === "build" ? [state.built.line] : [])));
  const asked = option === undefined ? undefined : await pickLine(project, option);
  const wrong = other ?? asked;
  if (line === undefined || wrong === undefined || wrong === line) return line ?? asked;
  throw new BuildError("usage", `These are two lines, ${line} and ${wrong}; only states of one line can be compared.`);
}

/** HEAD if the files of the lines differ from it, else the last release below it. */
async function defaultState(asked: string | undefined, place: Place): Promise<StateName> {
  const { project, host } = place;
  const inRoot = { host, cwd: project.root };
  const line = await pickLine(project, asked);
  // The package's files may lie in the repository of another project.
  const changed =
    project.isPackage === true
      ? undefined
      : await tryGit(["status", "--porcelain", "--", asked === undefined ? "patches" : `patches/${line}`], inRoot);
  if (changed?.exitCode !== 0)
    throw new BuildError("usage", `${project.root} is not in a git repository, so it has no earlier state.`, {
      hint: "kovn-build patches diff OLD/artifacts.json",
    });
  if (changed.stdout.trim() !== "") return findState("HEAD", place);
  const tags = (await git(["tag", "--merged", "HEAD"], inRoot)).split("\n");
  const last = releasedVersions(line, tags).at(-1);
  return findState(last === undefined ? "HEAD" : tagOf(last), place);
}

/** Finds the state that a name means: what a build recorded, or a commit. Throws "usage" if there is none. */
async function findState(name: string, place: Place): Promise<StateName> {
  const manifests = await readBuilt(name);
  const [first] = manifests;
  if (first !== undefined) {
    if (manifests.some(({ line }) => line !== first.line))
      throw new BuildError("usage", `${name} has builds of several lines.`, { hint: "name one of the folders in it" });
    return { kind: "build", name, built: { line: first.line, jobs: manifests.flatMap(({ jobs }) => jobs) } };
  }
  const isOwn = place.project.isPackage !== true;
  const commit = isOwn ? await findCommit(name, place) : undefined;
  if (commit !== undefined) return { kind: "commit", name, commit };
  if (await exists(name)) await findDists(name);
  const refs = ["for-each-ref", "--format=%(refname:short)", "refs/tags", "refs/heads", "refs/remotes"];
  const known = isOwn ? (await tryGit(refs, { host: place.host, cwd: place.project.root })).stdout : "";
  throw unknownName("State", name, known.split("\n").filter(Boolean));
}

/** The manifests at a path: a file, or a folder of artifacts. None if the path is something else. */
async function readBuilt(path: string): Promise<readonly Manifest[]> {
  if (path.endsWith(".json") && (await isFile(path))) return [await readManifest(path)];
  const folders = await findDists(path).catch((error: unknown) => {
    if (error instanceof BuildError) return [];
    throw error;
  });
  return Promise.all(folders.map(async (folder) => readManifest(join(folder, "artifacts.json"))));
}

/** The commit that two have in common. */
async function forkOf(first: string, second: string, { project, host }: Place): Promise<string> {
  const found = await tryGit(["merge-base", "--end-of-options", first, second], { host, cwd: project.root });
  if (found.exitCode === 0) return found.stdout.trim();
  throw new BuildError("usage", `\`${first}\` and \`${second}\` have no commit in common, or one of them is unknown.`);
}
