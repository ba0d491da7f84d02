import { z } from "zod";
import { BuildError } from "../errors.ts";
import type { ReleasePreview } from "../release/preview.ts";
import { statusOf, type GitHub, type Request } from "../sys/github.ts";
import { listPages, readAnswer, type Place } from "./github-assets.ts";

/** What a release says of itself: made by `release plan`, without its files. */
export type ReleaseText = Pick<ReleasePreview, "tag" | "name" | "prerelease" | "notes"> & {
  /** That the tag stands for here. */
  readonly commit: string;
};

const remoteRelease = z.object({
  id: z.number(),
  tag_name: z.string(),
  draft: z.boolean(),
  body: z.string().nullish(),
  html_url: z.string(),
  upload_url: z.string(),
});

/** A release as GitHub has it; only who may write sees drafts. */
export type RemoteRelease = Readonly<z.infer<typeof remoteRelease>>;

/** Characters that GitHub takes as notes, with room for the mark. */
const longestNotes = 120_000;

/** By this a draft is known for one of ours: nobody sees it in the notes. */
const mark = "<!-- made by kovn-build -->";

/** What is there of a tag: the published release, or our drafts, oldest first. */
export interface Found {
  readonly published: RemoteRelease | undefined;
  readonly drafts: readonly RemoteRelease[];
}

/** Looks for what is there of a tag. Throws "destination" for a draft that somebody else made, and for a repository that is not there. */
export async function findReleases(github: GitHub, place: Place, tag: string): Promise<Found> {
  return github.persist("the list of releases", (request) => findOnce(request, place, tag));
}

async function findOnce(request: Request, place: Place, tag: string): Promise<Found> {
  const all = await listPages(remoteRelease, (page) =>
    request("GET /repos/{owner}/{repo}/releases", { ...place, per_page: 100, page }).catch((cause: unknown) => {
      if (statusOf(cause) !== 404) throw cause;
      throw new BuildError("destination", `GitHub has no repository ${place.owner}/${place.repo}, or the token may not see it.`, {
        cause,
        hint: "--to github=OWNER/REPO",
      });
    }),
  );
  const found = all.filter((release) => release.tag_name === tag).toSorted((a, b) => a.id - b.id);
  const drafts = found.filter(({ draft }) => draft);
  const foreign = drafts.find(({ body }) => body?.includes(mark) !== true);
  if (foreign !== undefined)
    throw new BuildError("destination", `There is a draft of ${tag} that kovn-build did not make: ${foreign.html_url}.`, {
      hint: "delete it there, or publish it there by hand",
    });
  return { published: found.find(({ draft }) => !draft), drafts };
}

/** Throws "destination" when GitHub does not have the tag, or has it at another commit. */
export async function checkTag(github: GitHub, place: Place, { tag, commit }: ReleaseText): Promise<void> {
  const there = await github.persist(`tag ${tag}`, (request) => readTag(request, place, tag));
  if (there === commit) return;
  if (there === undefined)
    throw new BuildError("destination", `Tag ${tag} is not in ${place.owner}/${place.repo}.`, { hint: `git push origin ${tag}` });
  throw new BuildError(
    "destination",
    `Tag ${tag} stands for commit ${there} in ${place.owner}/${place.repo}, and for ${commit} here.`,
    {
      hint: "a tag that was pushed does not move: cut another version",
    },
  );
}

const reference = z.object({ object: z.object({ type: z.string(), sha: z.string() }) });

/** The commit that a tag stands for, through annotated tags. */
async function readTag(request: Request, place: Place, tag: string): Promise<string | undefined> {
  const answer = await request("GET /repos/{owner}/{repo}/git/ref/{ref}", { ...place, ref: `tags/${tag}` }).catch(
    (error: unknown) => {
      if (statusOf(error) === 404) return undefined;
      throw error;
    },
  );
  if (answer === undefined) return undefined;
  let { object } = readAnswer(reference, answer.data);
  while (object.type === "tag") {
    const { data } = await request("GET /repos/{owner}/{repo}/git/tags/{tag_sha}", { ...place, tag_sha: object.sha });
    ({ object } = readAnswer(reference, data));
  }
  return object.sha;
}

/** Makes a draft. Each attempt but the first looks whether the one before made it after all. */
export async function createDraft(github: GitHub, place: Place, text: ReleaseText): Promise<RemoteRelease> {
  return github.persist(`make the draft of ${text.tag}`, async (request, count) => {
    const made = count === 1 ? undefined : (await findOnce(request, place, text.tag)).drafts[0];
    if (made !== undefined) return made;
    const { data } = await request("POST /repos/{owner}/{repo}/releases", { ...place, ...describe(text), draft: true });
    return readAnswer(remoteRelease, data);
  });
}

/** Deletes a draft that a lost answer left twice. */
export async function deleteDraft(github: GitHub, place: Place, { id }: RemoteRelease): Promise<void> {
  await github.persist("delete a draft that is there twice", async (request) => {
    await request("DELETE /repos/{owner}/{repo}/releases/{release_id}", { ...place, release_id: id }).catch((error: unknown) => {
      if (statusOf(error) !== 404) throw error;
    });
  });
}

/** Makes a draft public. Each attempt but the first looks whether the one before did. */
export async function makePublic(github: GitHub, place: Place, { id }: RemoteRelease, text: ReleaseText): Promise<RemoteRelease> {
  return github.persist(`publish ${text.tag}`, async (request, count) => {
    const where = { ...place, release_id: id };
    if (count > 1) {
      const { data } = await request("GET /repos/{owner}/{repo}/releases/{release_id}", where);
      const there = readAnswer(remoteRelease, data);
      if (!there.draft) return there;
    }
    const { data } = await request("PATCH /repos/{owner}/{repo}/releases/{release_id}", {
      ...where,
      ...describe(text),
      draft: false,
      // By version, so that a patch of an older line does not become the latest.
      make_latest: "legacy",
    });
    return readAnswer(remoteRelease, data);
  });
}

function describe({ tag, name, prerelease, notes }: ReleaseText) {
  return { tag_name: tag, name, prerelease, body: `${shorten(notes, tag)}\n${mark}\n` };
}

/** Notes that GitHub takes: too long ones end before a heading. */
function shorten(notes: string, tag: string): string {
  if (notes.length <= longestNotes) return notes;
  const end = Math.max(notes.lastIndexOf("\n## ", longestNotes), notes.lastIndexOf("\n### ", longestNotes));
  return `${notes.slice(0, Math.max(end, 0))}\n\nThe notes are longer than GitHub takes: \`git checkout ${tag} && npx kovn-build release notes\` prints all.\n`;
}
