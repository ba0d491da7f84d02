import type { z } from "zod";
import { BuildError } from "../errors.ts";
import type { ReleasePreview } from "../release/preview.ts";
import { ignoreMissing, statusOf, type GitHub, type Persistence } from "../sys/github.ts";
import { pointerSchema, readAnswer, readPages, releaseSchema, type PageNumber } from "./github-answers.ts";
import type { Place } from "./github-assets.ts";

/** The text of a release: its preview without the files. */
export type ReleaseText = Pick<ReleasePreview, "tag" | "name" | "prerelease" | "notes"> & {
  /** The commit of the tag in this repository. */
  readonly commit: string;
};

/** A release as GitHub has it; drafts are visible only with write access. */
export type RemoteRelease = Readonly<z.infer<typeof releaseSchema>>;

/** The longest notes that GitHub accepts, in characters, less some room for the mark. */
const longestNotes = 120_000;

/** A tag names a commit, or another tag that does. */
const longestChain = 10;

/** Marks a draft as made by kovn-build; invisible in the notes. */
const mark = "<!-- made by kovn-build -->";

/** What GitHub has for a tag: the published release, or our drafts, oldest first. */
export interface Found {
  readonly published: RemoteRelease | undefined;
  readonly drafts: readonly RemoteRelease[];
}

/**
 * Finds the releases of a tag. Throws "destination" when the repository does not exist, and for a
 * draft that somebody else made.
 */
export async function findReleases(github: GitHub, place: Place, tag: string): Promise<Found> {
  const read = async (page: PageNumber) => github.rest.repos.listReleases({ ...place, ...page });
  const isWanted = (release: RemoteRelease) => release.tag_name === tag;
  const all = await readPages(read, releaseSchema, { what: "list the releases", isWanted }).catch((cause: unknown) => {
    if (statusOf(cause) !== 404) throw cause;
    throw new BuildError(
      "destination",
      `GitHub has no repository ${place.owner}/${place.repo}, or the token has no access to it.`,
      { cause, hint: "--to github=OWNER/REPO" },
    );
  });
  const found = all.toSorted((a, b) => a.id - b.id);
  const drafts = found.filter(({ draft }) => draft);
  const foreign = drafts.find(({ body }) => body?.includes(mark) !== true);
  if (foreign !== undefined)
    throw new BuildError("destination", `${tag} has a draft that kovn-build did not make: ${foreign.html_url}.`, {
      hint: "delete that draft, or publish it by hand",
    });
  return { published: found.find(({ draft }) => !draft), drafts };
}

/** Throws "destination" when GitHub does not have the tag, or has it on another commit. */
export async function assertTag(github: GitHub, place: Place, { tag, commit }: ReleaseText): Promise<void> {
  const there = await readTag(github, place, tag);
  if (there === commit) return;
  if (there === undefined)
    throw new BuildError("destination", `Tag ${tag} is not in ${place.owner}/${place.repo}.`, { hint: `git push origin ${tag}` });
  throw new BuildError("destination", `Tag ${tag} is commit ${there} in ${place.owner}/${place.repo}, but ${commit} here.`, {
    hint: "a pushed tag never moves: cut another version",
  });
}

/** The commit of a tag, also of an annotated one. */
async function readTag({ rest }: GitHub, place: Place, tag: string): Promise<string | undefined> {
  const answer = await rest.git.getRef({ ...place, ref: `tags/${tag}` }).catch(ignoreMissing);
  if (answer === undefined) return undefined;
  let { object } = readAnswer(pointerSchema, answer.data, `read the tag ${tag}`);
  for (let count = 0; object.type === "tag"; count++) {
    if (count === longestChain)
      throw new BuildError("destination", `Tag ${tag} in ${place.owner}/${place.repo} names another tag ${count} times.`, {
        hint: `git push origin ${tag} of a tag that names a commit`,
      });
    const { data } = await rest.git.getTag({ ...place, tag_sha: object.sha });
    ({ object } = readAnswer(pointerSchema, data, `read the tag ${tag}`));
  }
  return object.sha;
}

/** Creates a draft. Throws "destination" when GitHub returns something else. */
export async function createDraft(github: GitHub, place: Place, text: ReleaseText): Promise<RemoteRelease> {
  const request: Persistence = {
    what: `create the draft of ${text.tag}`,
    observe: async () => (await findReleases(github, place, text.tag)).drafts[0],
  };
  const { data } = await github.rest.repos.createRelease({ ...place, ...describe(text), draft: true, request });
  return assertOurs(data, text, { isDraft: true, request });
}

/** Deletes a duplicate draft, which a lost response can leave. */
export async function deleteDraft({ rest }: GitHub, place: Place, { id }: RemoteRelease): Promise<void> {
  const request: Persistence = { what: "delete a duplicate draft" };
  await rest.repos.deleteRelease({ ...place, release_id: id, request }).catch(ignoreMissing);
}

/** Publishes a draft. Throws "destination" when GitHub returns something else. */
export async function makePublic(
  { rest }: GitHub,
  place: Place,
  { id }: RemoteRelease,
  text: ReleaseText,
): Promise<RemoteRelease> {
  const where = { ...place, release_id: id };
  const request: Persistence = {
    what: `publish ${text.tag}`,
    observe: async () => {
      const { data } = await rest.repos.getRelease(where);
      return data.draft ? undefined : data;
    },
  };
  // By version: a patch release of an older line does not become the latest release.
  const latest = { make_latest: "legacy" } as const;
  const { data } = await rest.repos.updateRelease({ ...where, ...describe(text), ...latest, draft: false, request });
  return assertOurs(data, text, { isDraft: false, request });
}

function assertOurs(
  data: unknown,
  { tag }: ReleaseText,
  { isDraft, request }: { readonly isDraft: boolean; readonly request: Persistence },
): RemoteRelease {
  const release = readAnswer(releaseSchema, data, request.what);
  if (release.tag_name === tag && release.draft === isDraft) return release;
  const found = `${release.draft ? "the draft" : "the release"} of ${release.tag_name}`;
  throw new BuildError("destination", `GitHub's answer to ${request.what} is ${found}.`, {
    hint: "check GITHUB_API_URL, and what answers there",
  });
}

function describe(text: ReleaseText) {
  const { tag, name, prerelease } = text;
  return { tag_name: tag, name, prerelease, body: `${notesOf(text)}\n${mark}\n` };
}

/** The notes of a release as GitHub gets them, less an invisible mark. */
export function notesOf({ notes, tag }: ReleaseText): string {
  return shorten(notes, tag);
}

/** Cuts notes that are too long for GitHub before a heading. */
function shorten(notes: string, tag: string): string {
  if (notes.length <= longestNotes) return notes;
  const end = Math.max(notes.lastIndexOf("\n## ", longestNotes), notes.lastIndexOf("\n### ", longestNotes));
  return `${notes.slice(0, Math.max(end, 0))}\n\nThese notes are cut to the length that GitHub accepts. \`git checkout ${tag} && npx kovn-build release notes\` prints all of them.\n`;
}
