import { z } from "zod";
import { BuildError } from "../errors.ts";
import { describeIssue, gitIdSchema } from "../sys/schemas.ts";

const id = z.int().positive();
const address = z.url({ protocol: /^https?$/ });

/** A release as GitHub has it; drafts are visible only with write access. */
export const releaseSchema = z.object({
  id,
  tag_name: z.string(),
  draft: z.boolean(),
  body: z.string().nullish(),
  html_url: address,
  /** A template of the address for uploads. */
  upload_url: z.string(),
});

/** An asset as GitHub has it. An interrupted upload leaves one that is not `uploaded`. */
export const assetSchema = z.object({
  id,
  name: z.string(),
  size: z.number(),
  state: z.string(),
  digest: z.string().nullish(),
});

/** An issue as GitHub has it; a pull request is one too. */
export const issueSchema = z.object({
  number: z.int().positive(),
  body: z.string().nullish(),
  state: z.string(),
  html_url: address,
  labels: z.array(z.union([z.string(), z.object({ name: z.string().nullish() })])),
  pull_request: z.unknown().optional(),
});

/** What a tag, or a tag object, points to. */
export const pointerSchema = z.object({ object: z.object({ type: z.string(), sha: gitIdSchema }) });

/** What GitHub returned, checked. Throws "destination" when it is something else. */
export function readAnswer<T>(schema: z.ZodType<T>, data: unknown, what: string): T {
  const answer = schema.safeParse(data);
  if (answer.success) return answer.data;
  const [issue] = answer.error.issues;
  throw new BuildError(
    "destination",
    `GitHub's answer to ${what} is not what its API describes: ${issue === undefined ? "" : describeIssue(issue, issue.path.length > 0 ? issue.path : ["it"])}.`,
    { hint: "check GITHUB_API_URL, and what answers there" },
  );
}

/** More than GitHub has: 10,000 releases, 1000 assets of one. */
const mostPages = 100;
const pageSize = 100;

/** What names a page in a request. */
export interface PageNumber {
  readonly page: number;
  readonly per_page: number;
}

/** A page of a list, as octokit returns it. */
interface Page {
  readonly data: unknown;
  readonly headers: { readonly link?: string | undefined };
}

/**
 * Reads a list, page by page, and keeps some of it. Throws "destination" for a list without an
 * end.
 */
export async function readPages<T>(
  read: (page: PageNumber) => Promise<Page>,
  schema: z.ZodType<T>,
  { what, isWanted = () => true }: { readonly what: string; readonly isWanted?: (item: T) => boolean },
): Promise<readonly T[]> {
  const found: T[] = [];
  for (let page = 1; page <= mostPages; page++) {
    const { data, headers } = await read({ page, per_page: pageSize });
    const items = readAnswer(z.array(z.unknown()).max(pageSize), data, what);
    found.push(...items.map((item) => readAnswer(schema, item, what)).filter(isWanted));
    // The next page's number is known: no address of an answer is followed.
    if (!/rel="?next"?/.test(headers.link ?? "")) return found;
  }
  throw new BuildError("destination", `GitHub's answer to ${what} has no end: more than ${mostPages} pages.`);
}
