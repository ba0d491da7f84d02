import { BuildError } from "../errors.ts";
import type { ReleasePreview } from "../release/preview.ts";
import { ignoreMissing, statusOf, type GitHub, type Persistence } from "../sys/github.ts";
import type { Place } from "./github-assets.ts";

/** The text of a release: its preview without the files. */
export type ReleaseText = Pick<ReleasePreview, "tag" | "name" | "prerelease" | "notes"> & {
  /** The commit of the tag in this repository. */
  readonly commit: string;
};

/** A release as GitHub has it; drafts are visible only with write access. */
export type RemoteRelease = Awaited<ReturnType<GitHub["rest"]["repos"]["getRelease"]>>["data"];

/** The longest notes that GitHub accepts, in characters, less some room for the mark. */
const longestNotes = 120_000;

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
  const all = await github.paginate(github.rest.repos.listReleases, { ...place, per_page: 100 }).catch((cause: unknown) => {
    if (statusOf(cause) !== 404) throw cause;
    throw new BuildError(
      "destination",
      `GitHub has no repository ${place.owner}/${place.repo}, or the token has no access to it.`,
      { cause, hint: "--to github=OWNER/REPO" },
    );
  });
  const found = all.filter((release) => release.tag_name === tag).toSorted((a, b) => a.id - b.id);
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
  let object = answer?.data.object;
  while (object?.type === "tag") ({ object } = (await rest.git.getTag({ ...place, tag_sha: object.sha })).data);
  return object?.sha;
}

/** Creates a draft. */
export async function createDraft(github: GitHub, place: Place, text: ReleaseText): Promise<RemoteRelease> {
  const request: Persistence = {
    what: `create the draft of ${text.tag}`,
    observe: async () => (await findReleases(github, place, text.tag)).drafts[0],
  };
  return (await github.rest.repos.createRelease({ ...place, ...describe(text), draft: true, request })).data;
}

/** Deletes a duplicate draft, which a lost response can leave. */
export async function deleteDraft({ rest }: GitHub, place: Place, { id }: RemoteRelease): Promise<void> {
  const request: Persistence = { what: "delete a duplicate draft" };
  await rest.repos.deleteRelease({ ...place, release_id: id, request }).catch(ignoreMissing);
}

/** Publishes a draft. */
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
  return (await rest.repos.updateRelease({ ...where, ...describe(text), ...latest, draft: false, request })).data;
}

function describe({ tag, name, prerelease, notes }: ReleaseText) {
  return { tag_name: tag, name, prerelease, body: `${shorten(notes, tag)}\n${mark}\n` };
}

/** Cuts notes that are too long for GitHub before a heading. */
function shorten(notes: string, tag: string): string {
  if (notes.length <= longestNotes) return notes;
  const end = Math.max(notes.lastIndexOf("\n## ", longestNotes), notes.lastIndexOf("\n### ", longestNotes));
  return `${notes.slice(0, Math.max(end, 0))}\n\nThese notes are cut to the length that GitHub accepts. \`git checkout ${tag} && npx kovn-build release notes\` prints all of them.\n`;
}
