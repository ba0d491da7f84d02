import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { listAssets, sumsName, textAsset, type Asset } from "../set/assets.ts";
import type { ReleaseSet } from "../set/set.ts";
import { connect, type GitHub } from "../sys/github.ts";
import { detachSign, isSignedBy } from "../sys/gpg.ts";
import { readText } from "../sys/read-file.ts";
import { runTask } from "../sys/run-task.ts";
import { forEach, together, type Together } from "../sys/several.ts";
import { withTempDir } from "../sys/with-temp-dir.ts";
import {
  deleteRemote,
  differences,
  downloadText,
  isSame,
  listRemote,
  upload,
  type Place,
  type RemoteAsset,
} from "./github-assets.ts";
import {
  assertTag,
  createDraft,
  deleteDraft,
  findReleases,
  makePublic,
  type ReleaseText,
  type RemoteRelease,
} from "./github-release.ts";
import { readPlace } from "./github-place.ts";
import type { Outcome, Placed, Publisher, PublishOptions } from "./publisher.ts";

const signatureName = `${sumsName}.asc`;

/**
 * `--to github[=OWNER/REPO]`: a release with an asset for each file. Assets go into a draft, which
 * is published when GitHub has all of them; a published release never changes. Publishing again
 * continues where the last run ended.
 */
export const github: Publisher = {
  kind: "github",
  place: "OWNER/REPO",
  remote: true,
  placeFromEnv: true,
  preview,
  check,
  publish,
  yank: "gh release delete TAG --repo OWNER/REPO (the tag stays), or mark it: gh release edit TAG --prerelease",
};

function preview(_set: ReleaseSet, assets: readonly Asset[]): readonly Placed[] {
  return assets.map(({ name }) => ({ name, to: name }));
}

async function check(set: ReleaseSet, place: string, options: PublishOptions): Promise<void> {
  const to = await open(place, options);
  const assets = await listAssets(set);
  const changed = assets.find(({ name }) => !/^\w[\w.+-]*[\w+-]$/.test(name));
  if (changed !== undefined)
    throw new BuildError("usage", `GitHub would rename ${changed.name}: it accepts letters, digits and \`.+-_\` only.`, {
      hint: "--to dir=DIR, or rename the file in the build",
    });
  const { published } = await findReleases(to.hub, to.place, to.text.tag);
  await assertTag(to.hub, to.place, to.text);
  if (published !== undefined) await assertSame(published, await withSignature(assets, published, to, options), to);
}

async function publish(set: ReleaseSet, where: string, options: PublishOptions): Promise<Outcome> {
  const to = await open(where, options);
  const { hub, place, text } = to;
  const assets = await listAssets(set);
  const { published, drafts } = await findReleases(hub, place, text.tag);
  if (published !== undefined) {
    await assertSame(published, await withSignature(assets, published, to, options), to);
    return { added: [], removed: [], leftOut: set.leftOut, url: published.html_url };
  }
  const [draft = await createDraft(hub, place, text), ...doubles] = drafts;
  for (const double of doubles) await deleteDraft(hub, place, double);
  const expected = await withSignature(assets, draft, to, options);
  const { added, removed } = await fill(draft, expected, to);
  const problems = differences(expected, await listRemote(hub, place, draft.id), [signatureName]);
  if (problems.length > 0) throw incomplete(draft, problems);
  const { html_url: url } = await makePublic(hub, place, draft, text);
  return { added, removed, leftOut: set.leftOut, url };
}

/** A release, its repository, and the connection to GitHub. */
interface Connection {
  readonly hub: GitHub;
  readonly place: Place;
  readonly text: ReleaseText;
  /** What ends all requests when an upload fails. */
  readonly work: Together;
}

/** Throws "usage" when the repository or the token is missing or malformed. */
async function open(where: string, { github: access, release, host: outer }: PublishOptions): Promise<Connection> {
  const place = readPlace(where, access, { option: "--to github", does: "publishing to GitHub" });
  if (release === undefined) throw new Error("no release text given");
  const work = together(outer);
  const hub = await connect(access, work.host);
  return { hub, place, text: release, work };
}

/** Throws "destination" when the published release is not exactly this one. */
async function assertSame(published: RemoteRelease, expected: readonly Asset[], { hub, place }: Connection): Promise<void> {
  const problems = differences(expected, await listRemote(hub, place, published.id), [signatureName]);
  if (problems.length === 0) return;
  throw new BuildError(
    "destination",
    [`${published.html_url} is published already, and differs from this release:`, ...problems.slice(0, 10)].join("\n"),
    {
      hint: "a published release never changes: cut another version (kovn-build release next)",
    },
  );
}

function incomplete(draft: RemoteRelease, problems: readonly string[]): BuildError {
  return new BuildError(
    "destination",
    [`The draft ${draft.html_url} differs from this release:`, ...problems.slice(0, 10)].join("\n"),
    {
      hint: "nothing is published yet; run the same command again to continue",
    },
  );
}

/**
 * Adds the signature of the digests when a signer is given; reuses the one on GitHub if it is good.
 */
async function withSignature(
  assets: readonly Asset[],
  release: RemoteRelease,
  { hub, place }: Connection,
  { signer, host }: PublishOptions,
): Promise<readonly Asset[]> {
  const sums = assets.find(({ name }) => name === sumsName);
  if (signer === undefined || sums === undefined || !("text" in sums)) return assets;
  const there = (await listRemote(hub, place, release.id)).find(
    ({ name, state }) => name === signatureName && state === "uploaded",
  );
  return withTempDir(join(tmpdir(), "kovn-sign-"), async (dir) => {
    const [file, signature] = [join(dir, sumsName), join(dir, signatureName)];
    await writeFile(file, sums.text);
    if (there !== undefined) {
      const text = await downloadText(hub, place, there);
      await writeFile(signature, text);
      if (await isSignedBy(signer, [file, signature], { host })) return [...assets, textAsset(signatureName, text)];
    }
    await detachSign(file, signature, signer, { host });
    return [...assets, textAsset(signatureName, await readText(signature, "a manifest"))];
  });
}

/**
 * Makes a draft hold exactly these assets: whole ones stay, others are deleted, missing ones are
 * uploaded, a few at once.
 */
async function fill(
  draft: RemoteRelease,
  expected: readonly Asset[],
  { hub, place, work }: Connection,
): Promise<Pick<Outcome, "added" | "removed">> {
  const there = await listRemote(hub, place, draft.id);
  const whole = (remote: RemoteAsset) =>
    remote.name === signatureName
      ? !expected.some(({ name }) => name === signatureName) || expected.some((asset) => isSame(asset, remote))
      : expected.some((asset) => isSame(asset, remote));
  const stale = there.filter((remote) => !whole(remote));
  for (const remote of stale) await deleteRemote(hub, place, remote);
  const missing = expected.filter((asset) => !there.some((remote) => isSame(asset, remote)));
  await forEach(missing, work, async (asset) =>
    runTask(work.host, `upload ${asset.name}`, async ({ task }) => upload(asset, { github: hub, place, draft, task })),
  );
  return { added: missing.map(({ name }) => name), removed: stale.map(({ name }) => name) };
}
