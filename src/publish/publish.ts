import type { Project } from "../config/project.ts";
import { BuildError } from "../errors.ts";
import { readReleaseText } from "../release/read.ts";
import type { ReleaseSet } from "../set/set.ts";
import { withSet, type AllowOptions } from "../set/with-set.ts";
import type { Host } from "../sys/exec.ts";
import { findFormerKeys, findSigner } from "../sys/gpg-key.ts";
import { runTask } from "../sys/run-task.ts";
import type { Intent, Outcome, PublishOptions } from "./publisher.ts";
import { assertDestinations, assertExceptions, assertMayPublish, decide, type Choice } from "./decide.ts";

/** What to publish, and where. */
export interface PublishRequest extends AllowOptions, Choice {
  /** Folders of builds, or bundles. */
  readonly artifacts: readonly string[];
  /**
   * The key that has signed the apt repository until now; true for any of which the keyring has the
   * secret part.
   */
  readonly changeKey?: string | true;
  /** The tag of the release on GitHub; default: the version's tag at HEAD. */
  readonly tag?: string;
}

/** What was published: the line and id of the set, and what changed at each destination. */
export interface Published extends Pick<ReleaseSet, "line" | "id" | "allowed"> {
  readonly outcomes: readonly (Outcome & { readonly to: string })[];
}

export interface PublishContext extends Pick<PublishOptions, "host" | "github"> {
  readonly project: Project;
}

/** What a publish would do: the line and id of the set, and what becomes of each file at each destination. */
export interface Intended extends Pick<ReleaseSet, "line" | "id" | "allowed"> {
  readonly destinations: readonly (Intent & { readonly to: string })[];
}

/** Checks the artifacts, then every destination. Returns what `publish` would do, and changes nothing. */
export async function intend(request: PublishRequest, context: PublishContext): Promise<Intended> {
  return withChecked(request, context, async ({ line, id, allowed }, checked) => {
    const destinations = checked.map(({ to, intent }) => ({ to, ...intent }));
    return { line, id, allowed, destinations };
  });
}

/**
 * Checks the artifacts, then every destination, then publishes to each. Publishing again changes
 * nothing.
 */
export async function publish(request: PublishRequest, context: PublishContext): Promise<Published> {
  return withChecked(request, context, async (set, checked) => {
    const outcomes: (Outcome & { readonly to: string })[] = [];
    for (const { to, run } of checked)
      outcomes.push({ to, ...(await runTask(context.host, `publish to ${to}`, async (host) => run(host))) });
    return { line: set.line, id: set.id, allowed: set.allowed, outcomes };
  });
}

/** A destination that takes the set. */
interface Checked {
  readonly to: string;
  readonly intent: Intent;
  /** Publishes to it. */
  readonly run: (host: Host) => Promise<Outcome>;
}

/** Calls `use` with the set of the artifacts, when every destination takes it. */
async function withChecked<T>(
  request: PublishRequest,
  { project, ...context }: PublishContext,
  use: (set: ReleaseSet, checked: readonly Checked[]) => Promise<T>,
): Promise<T> {
  const { tag, changeKey } = request;
  const { host } = context;
  const { destinations, sign, keep, only } = await decide(request, project, host);
  assertDestinations(destinations, []);
  const has = (kind: string) => destinations.some(({ publisher }) => publisher.kind === kind);
  if (keep !== undefined && !has("apt"))
    throw new BuildError("usage", "--keep is for an apt repository, and none of the destinations is one.", {
      hint: "--to apt=DIR",
    });
  if (changeKey !== undefined && (sign === undefined || !has("apt")))
    throw new BuildError("usage", "--change-key is for an apt repository that another key signed before.", {
      hint: "--to apt=DIR --sign NEWKEY --change-key OLDKEY",
    });
  if (tag !== undefined && !has("github"))
    throw new BuildError("usage", "--tag is for a release on GitHub, and none of the destinations is one.", {
      hint: "--to github",
    });
  return withSet(request.artifacts, assertExceptions(request, only), { project, host }, async (set) => {
    assertMayPublish(set, only);
    assertDestinations(
      destinations,
      set.dists.map(({ folder }) => folder),
    );
    const signer = sign === undefined ? undefined : await findSigner(sign, context);
    const formerKeys = changeKey === undefined ? [] : await findFormerKeys(changeKey === true ? undefined : changeKey, context);
    const release = has("github") ? await readReleaseText(set, tag, project, host) : undefined;
    const options = { ...context, signer, formerKeys, keep, release, now: Date.now() };
    const checked: Checked[] = [];
    for (const { publisher, place, to } of destinations) {
      const check = async (below: Host) => publisher.check(set, place, { ...options, host: below });
      const intent = await runTask(host, `check ${to}`, check);
      checked.push({ to, intent, run: async (below) => publisher.publish(set, place, { ...options, host: below }) });
    }
    return use(set, checked);
  });
}
