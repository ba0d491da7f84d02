import { z } from "zod";
import { BuildError } from "../errors.ts";
import type { ReleasePreview } from "../release/preview.ts";
import { statusOf, type GitHub, type Request } from "../sys/github.ts";
import { listPages, readAnswer, type Place } from "./github-assets.ts";

/** The text of a release: its preview without the files. */
export type ReleaseText = Pick<ReleasePreview, "tag" | "name" | "prerelease" | "notes"> & {
  /** The commit of the tag in this repository. */
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

/** A release as GitHub has it; drafts are visible only with write access. */
export type RemoteRelease = Readonly<z.infer<typeof remoteRelease>>;

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
  return github.persist("the list of releases", (request) => findOnce(request, place, tag));
}

async function findOnce(request: Request, place: Place, tag: string): Promise<Found> {
  const all = await listPages(remoteRelease, (page) =>
    request("GET /repos/{owner}/{repo}/releases", { ...place, per_page: 100, page }).catch((cause: unknown) => {
      if (statusOf(cause) !== 404) throw cause;
      throw new BuildError(
        "destination",
        `GitHub has no repository ${place.owner}/${place.repo}, or the token has no access to it.`,
        {
          cause,
          hint: "--to github=OWNER/REPO",
        },
      );
    }),
  );
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
  const there = await github.persist(`tag ${tag}`, (request) => readTag(request, place, tag));
  if (there === commit) return;
  if (there === undefined)
    throw new BuildError("destination", `Tag ${tag} is not in ${place.owner}/${place.repo}.`, { hint: `git push origin ${tag}` });
  throw new BuildError("destination", `Tag ${tag} is commit ${there} in ${place.owner}/${place.repo}, but ${commit} here.`, {
    hint: "a pushed tag never moves: cut another version",
  });
}

const reference = z.object({ object: z.object({ type: z.string(), sha: z.string() }) });

/** The commit of a tag, also of an annotated one. */
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

/** Creates a draft. Each attempt but the first checks whether the previous one succeeded. */
export async function createDraft(github: GitHub, place: Place, text: ReleaseText): Promise<RemoteRelease> {
  return github.persist(`create the draft of ${text.tag}`, async (request, count) => {
    const made = count === 1 ? undefined : (await findOnce(request, place, text.tag)).drafts[0];
    if (made !== undefined) return made;
    const { data } = await request("POST /repos/{owner}/{repo}/releases", { ...place, ...describe(text), draft: true });
    return readAnswer(remoteRelease, data);
  });
}

/** Deletes a duplicate draft, which a lost response can leave. */
export async function deleteDraft(github: GitHub, place: Place, { id }: RemoteRelease): Promise<void> {
  await github.persist("delete a duplicate draft", async (request) => {
    await request("DELETE /repos/{owner}/{repo}/releases/{release_id}", { ...place, release_id: id }).catch((error: unknown) => {
      if (statusOf(error) !== 404) throw error;
    });
  });
}

/** Publishes a draft. Each attempt but the first checks whether the previous one succeeded. */
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
      // By version: a patch release of an older line does not become the latest release.
      make_latest: "legacy",
    });
    return readAnswer(remoteRelease, data);
  });
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
