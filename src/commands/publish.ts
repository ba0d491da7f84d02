import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Project } from "../config/project.ts";
import { BuildError } from "../errors.ts";
import type { Context } from "../program/context.ts";
import { allowOptions, examples, jsonOption, positive, toOption } from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import type { Outcome } from "../publish/publisher.ts";
import { destinationForms, parseDestination } from "../publish/registry.ts";
import { unpackBundle } from "../set/bundle.ts";
import { findDists, readDist, type Dist } from "../dist/read.ts";
import { makeSbom } from "../set/sbom.ts";
import { makeSet, type Allowance, type ReleaseSet } from "../set/set.ts";
import { isFile } from "../sys/files.ts";
import { findSigner } from "../sys/gpg.ts";
import { readReleaseText } from "./release/read.ts";

/** Which unusual builds may be released. By default a build has a locked series on its pin. */
export interface AllowOptions {
  readonly allowAlternate: boolean;
  readonly allowUnlocked: boolean;
}

interface PublishFlags extends AllowOptions {
  readonly to: readonly string[];
  readonly sign?: string;
  readonly keep?: number;
  /** Tag of the release on GitHub. */
  readonly tag?: string;
  readonly json: boolean;
}

/** `kovn-build publish`: publishes artifacts to each destination. */
export const publish: Define = (command, context) => {
  command
    .argument("[artifacts...]", "folders of `build` or bundles of `publish --to tar=FILE`; default: dist")
    .addOption(toOption())
    .option("--sign <key>", "gpg key (fingerprint, id or mail address) to sign with")
    .option("--tag <tag>", "tag of the release on GitHub; default: the version's tag at HEAD")
    .option("--keep <n>", "versions of each package that stay in the apt repository; default: all", positive);
  allowOptions(command)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build publish --to apt=/srv/apt --sign KEY", "publish dist/ as a signed apt repository"],
        ["kovn-build publish --to github=OWNER/REPO", "publish dist/ as a release on GitHub"],
      ),
    )
    .action(async (inputs: readonly string[], options: PublishFlags) =>
      context.print(await publishAll(inputs.length > 0 ? inputs : ["dist"], options, context)),
    );
};

/** Checks the artifacts, then every destination, then publishes to each. Returns what changed. */
async function publishAll(inputs: readonly string[], options: PublishFlags, context: Context): Promise<string> {
  const { host, github, actions } = context;
  if (options.to.length === 0) throw new BuildError("usage", "No destination given.", { hint: `--to ${destinationForms}` });
  const destinations = options.to.map((to) => ({ to, ...parseDestination(to) }));
  if (options.keep !== undefined && !destinations.some(({ publisher }) => publisher.kind === "apt"))
    throw new BuildError("usage", "--keep is for an apt repository, and none of the destinations is one.", {
      hint: "--to apt=DIR",
    });
  const toGitHub = destinations.some(({ publisher }) => publisher.kind === "github");
  if (options.tag !== undefined && !toGitHub)
    throw new BuildError("usage", "--tag is for a release on GitHub, and none of the destinations is one.", {
      hint: "--to github",
    });
  const project = await context.project();
  return withSet(inputs, options, project, async (set) => {
    const signer = options.sign === undefined ? undefined : await findSigner(options.sign, { host });
    const release = toGitHub ? await readReleaseText(set, options.tag, project, host) : undefined;
    const how = { host, github, report: context.report.write, signer, keep: options.keep, release };
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

/**
 * Reads and checks builds (folders or bundles), and calls `use` with their set. Bundles are unpacked
 * during the call.
 */
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

async function unpack(bundle: string, work: string, unpacked: string[]): Promise<string> {
  const parent = join(work, "tmp");
  await mkdir(parent, { recursive: true });
  const dir = await mkdtemp(join(parent, "bundle-"));
  unpacked.push(dir);
  await unpackBundle(bundle, dir);
  return dir;
}

/** Returns an outcome as Markdown. */
function summarize({ to, added, removed, leftOut, url }: Outcome & { readonly to: string }): string[] {
  const rows = [
    ...added.map((name) => `- added \`${name}\``),
    ...removed.map((name) => `- removed \`${name}\``),
    ...leftOut.map(({ name, why }) => `- left out \`${name}\`: ${why}`),
  ];
  return [
    `\`${to}\`${url === undefined ? "" : `: ${url}`}`,
    "",
    ...(rows.length > 0 ? rows : ["Nothing to do: everything is already published."]),
    "",
  ];
}

function showOutcome({ to, added, removed, leftOut, url }: Outcome & { readonly to: string }): string {
  const head =
    added.length + removed.length === 0
      ? `${to}: nothing to do, everything is already published`
      : `${to}: ${added.length} added`;
  const rows = [
    ...added.map((name) => `  added     ${name}`),
    ...removed.map((name) => `  removed   ${name}`),
    ...leftOut.map(({ name, why }) => `  left out  ${name}: ${why}`),
    ...(url === undefined ? [] : [`  see       ${url}`]),
  ];
  return `${[head, ...rows].join("\n")}\n`;
}
