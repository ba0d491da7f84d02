import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Project } from "../config/project.ts";
import { BuildError } from "../errors.ts";
import type { Actions } from "../report/actions.ts";
import type { Outcome, PublishOptions } from "../publish/publisher.ts";
import { destinationForms, parseDestination } from "../publish/registry.ts";
import { unpackBundle } from "../set/bundle.ts";
import { findDists, readDist, type Dist } from "../dist/read.ts";
import { makeSbom } from "../set/sbom.ts";
import { makeSet, type Allowance, type ReleaseSet } from "../set/set.ts";
import { findSigner } from "../sys/gpg.ts";
import { readReleaseText } from "./release/read.ts";

/** Which builds of other than locked series on their pins are taken; `publish` and `release plan` share it. */
export interface AllowOptions {
  readonly allowAlternate: boolean;
  readonly allowUnlocked: boolean;
}

export interface PublishCommand extends AllowOptions {
  readonly to: readonly string[];
  readonly sign?: string;
  readonly keep?: number;
  /** Of the release on GitHub. */
  readonly tag?: string;
  readonly json: boolean;
}

export interface PublishSurroundings extends Pick<PublishOptions, "host" | "github" | "tell"> {
  readonly project: Project;
  readonly actions: Actions | undefined;
}

/** `kovn-build publish`: checks the artifacts, then every place, then publishes to each. Answers with what changed. */
export async function publishCommand(
  inputs: readonly string[],
  options: PublishCommand,
  { project, actions, ...surroundings }: PublishSurroundings,
): Promise<string> {
  const { host } = surroundings;
  if (options.to.length === 0)
    throw new BuildError("usage", "Where to publish to is not said.", { hint: `--to ${destinationForms}` });
  const destinations = options.to.map((to) => ({ to, ...parseDestination(to) }));
  if (options.keep !== undefined && !destinations.some(({ publisher }) => publisher.kind === "apt"))
    throw new BuildError("usage", "--keep is for an apt repository, and there is none among the places.", {
      hint: "--to apt=DIR",
    });
  const toGitHub = destinations.some(({ publisher }) => publisher.kind === "github");
  if (options.tag !== undefined && !toGitHub)
    throw new BuildError("usage", "--tag is for a release on GitHub, and there is none among the places.", {
      hint: "--to github",
    });
  return withSet(inputs, options, project, async (set) => {
    const signer = options.sign === undefined ? undefined : await findSigner(options.sign, { host });
    const release = toGitHub ? await readReleaseText(set, options.tag, project, host) : undefined;
    const how = { ...surroundings, signer, keep: options.keep, release };
    for (const { publisher, place } of destinations) await publisher.check(set, place, how);
    const outcomes: (Outcome & { readonly to: string })[] = [];
    for (const { publisher, place, to } of destinations) outcomes.push({ to, ...(await publisher.publish(set, place, how)) });
    for (const { url } of outcomes) if (url !== undefined) actions?.output("url", url);
    actions?.summarize(["### Published", "", ...outcomes.flatMap((outcome) => summarize(outcome))].join("\n"));
    if (options.json)
      return `${JSON.stringify({ schema: 1, line: set.line, id: set.id, allowed: set.allowed, outcomes }, undefined, 2)}\n`;
    return outcomes.map(showOutcome).join("");
  });
}

/** Reads and checks builds (folders or bundles), and does `work` with the set that they make; bundles are unpacked only as long as that. */
export async function withSet<T>(
  inputs: readonly string[],
  { allowAlternate, allowUnlocked }: AllowOptions,
  { work }: Project,
  use: (set: ReleaseSet) => Promise<T>,
): Promise<T> {
  const unpacked: string[] = [];
  try {
    const dists: Dist[] = [];
    for (const input of inputs) {
      const folder = (await isFile(input)) ? await unpack(input, work, unpacked) : input;
      for (const found of await findDists(folder)) dists.push(await readDist(found));
    }
    const allow: Allowance[] = [
      ...(allowAlternate ? (["alternate"] as const) : []),
      ...(allowUnlocked ? (["unlocked"] as const) : []),
    ];
    const set = makeSet(dists, allow);
    return await use({ ...set, sbom: await makeSbom(set) });
  } finally {
    for (const dir of unpacked) await rm(dir, { recursive: true, force: true });
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function unpack(bundle: string, work: string, unpacked: string[]): Promise<string> {
  const parent = join(work, "tmp");
  await mkdir(parent, { recursive: true });
  const dir = await mkdtemp(join(parent, "bundle-"));
  unpacked.push(dir);
  await unpackBundle(bundle, dir);
  return dir;
}

/** As Markdown. */
function summarize({ to, added, removed, leftOut, url }: Outcome & { readonly to: string }): string[] {
  const rows = [
    ...added.map((name) => `- added \`${name}\``),
    ...removed.map((name) => `- removed \`${name}\``),
    ...leftOut.map(({ name, why }) => `- left out \`${name}\`: ${why}`),
  ];
  return [
    `\`${to}\`${url === undefined ? "" : `: ${url}`}`,
    "",
    ...(rows.length > 0 ? rows : ["Nothing to do, all of it is there."]),
    "",
  ];
}

function showOutcome({ to, added, removed, leftOut, url }: Outcome & { readonly to: string }): string {
  const head = added.length + removed.length === 0 ? `${to}: nothing to do, all of it is there` : `${to}: ${added.length} added`;
  const rows = [
    ...added.map((name) => `  added     ${name}`),
    ...removed.map((name) => `  removed   ${name}`),
    ...leftOut.map(({ name, why }) => `  left out  ${name}: ${why}`),
    ...(url === undefined ? [] : [`  see       ${url}`]),
  ];
  return `${[head, ...rows].join("\n")}\n`;
}
