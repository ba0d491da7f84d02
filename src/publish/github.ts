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
  notesOf,
  type ReleaseText,
  type RemoteRelease,
} from "./github-release.ts";
import { readPlace } from "./github-place.ts";
import {
  filesWith,
  outcomeOf,
  type Change,
  type Intent,
  type Outcome,
  type Placed,
  type Publisher,
  type PublishOptions,
} from "./publisher.ts";

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

async function check(set: ReleaseSet, place: string, options: PublishOptions): Promise<Intent> {
  const to = await open(place, options);
  const changed = (await listAssets(set)).find(({ name }) => !/^\w[\w.+-]*[\w+-]$/.test(name));
  if (changed !== undefined)
    throw new BuildError("usage", `GitHub would rename ${changed.name}: it accepts letters, digits and \`.+-_\` only.`, {
      hint: "--to dir=DIR, or rename the file in the build",
    });
  const { expected, there } = await prepare(set, to, options);
  await assertTag(to.hub, to.place, to.text);
  const body = notesOf(to.text);
  return { files: compare(expected, there).files, leftOut: set.leftOut, release: { ...to.text, notes: body } };
}

/** The assets that a release is to have, and what GitHub has. */
interface Work {
  readonly published: RemoteRelease | undefined;
  readonly drafts: readonly RemoteRelease[];
  readonly expected: readonly Asset[];
  /** The assets of the published release, or of the first draft. */
  readonly there: readonly RemoteAsset[];
}

/** Looks at what GitHub has. Throws "destination" when the published release is not exactly this one. */
async function prepare(set: ReleaseSet, to: Connection, options: PublishOptions): Promise<Work> {
  const { published, drafts } = await findReleases(to.hub, to.place, to.text.tag);
  const release = published ?? drafts[0];
  const there = release === undefined ? [] : await listRemote(to.hub, to.place, release.id);
  const expected = await withSignature(await listAssets(set), there, to, options);
  if (published !== undefined) assertSame(published, expected, there);
  return { published, drafts, expected, there };
}

async function publish(set: ReleaseSet, where: string, options: PublishOptions): Promise<Outcome> {
  const to = await open(where, options);
  const { hub, place, text } = to;
  const { published, drafts, expected, there } = await prepare(set, to, options);
  if (published !== undefined) {
    const files = compare(expected, there).files;
    return { ...outcomeOf({ files, leftOut: set.leftOut }), url: published.html_url };
  }
  const [draft = await createDraft(hub, place, text), ...doubles] = drafts;
  for (const double of doubles) await deleteDraft(hub, place, double);
  const files = await fill(draft, expected, to);
  const problems = differences(expected, await listRemote(hub, place, draft.id), [signatureName]);
  if (problems.length > 0) throw incomplete(draft, problems);
  const { html_url: url } = await makePublic(hub, place, draft, text);
  return { ...outcomeOf({ files, leftOut: set.leftOut }), url };
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
function assertSame(published: RemoteRelease, expected: readonly Asset[], there: readonly RemoteAsset[]): void {
  const problems = differences(expected, there, [signatureName]);
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
  remote: readonly RemoteAsset[],
  { hub, place }: Connection,
  { signer, host }: PublishOptions,
): Promise<readonly Asset[]> {
  const sums = assets.find(({ name }) => name === sumsName);
  if (signer === undefined || sums === undefined || !("text" in sums)) return assets;
  const there = remote.find(({ name, state }) => name === signatureName && state === "uploaded");
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

/** What a draft lacks, what is too much in it, and what that means for each file. */
interface Comparison extends Pick<Intent, "files"> {
  readonly missing: readonly Asset[];
  readonly stale: readonly RemoteAsset[];
}

/** Compares the assets of a release with those that it is to have. A signature stays if nobody signs. */
function compare(expected: readonly Asset[], there: readonly RemoteAsset[]): Comparison {
  const isExpected = (wanted: string) => expected.some(({ name }) => name === wanted);
  const stale = there.filter(
    (remote) => !expected.some((asset) => isSame(asset, remote)) && (remote.name !== signatureName || isExpected(signatureName)),
  );
  const missing = expected.filter((asset) => !there.some((remote) => isSame(asset, remote)));
  const isStale = (wanted: string) => stale.some(({ name }) => name === wanted);
  const changeOf = (asset: Asset): Change => {
    if (!missing.includes(asset)) return "same";
    return isStale(asset.name) ? "replaced" : "new";
  };
  const gone = stale.map(({ name }) => name).filter((name) => !isExpected(name));
  return {
    files: [...expected.map((asset) => ({ change: changeOf(asset), name: asset.name })), ...filesWith("removed", gone)],
    missing,
    stale,
  };
}

/**
 * Makes a draft hold exactly these assets: whole ones stay, others are deleted, missing ones are
 * uploaded, a few at once.
 */
async function fill(
  draft: RemoteRelease,
  expected: readonly Asset[],
  { hub, place, work }: Connection,
): Promise<Intent["files"]> {
  const { files, missing, stale } = compare(expected, await listRemote(hub, place, draft.id));
  for (const remote of stale) await deleteRemote(hub, place, remote);
  await forEach(missing, work, async (asset) =>
    runTask(work.host, `upload ${asset.name}`, async ({ task }) => upload(asset, { github: hub, place, draft, task })),
  );
  return files;
}
