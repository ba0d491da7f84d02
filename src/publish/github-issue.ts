import type { z } from "zod";
import { BuildError } from "../errors.ts";
import type { GitHub, Persistence } from "../sys/github.ts";
import { issueSchema, readAnswer, readPages, type PageNumber } from "./github-answers.ts";
import type { Place } from "./github-assets.ts";

/** An issue that kovn-build keeps up to date. There is one of a label. */
export interface KeptIssue {
  readonly label: string;
  readonly title: string;
  /** Markdown. */
  readonly text: string;
  /** False when there is nothing to do: then an open issue is closed, and none is opened. */
  readonly isNeeded: boolean;
}

/** What was done with an issue. */
export interface IssueOutcome {
  readonly outcome: "opened" | "updated" | "reopened" | "closed" | "unchanged" | "not needed";
  readonly url?: string;
}

type RemoteIssue = Readonly<z.infer<typeof issueSchema>>;

/** Marks an issue as ours; invisible in its text. */
const mark = "<!-- kept up to date by kovn-build -->";

/** The longest text of an issue that GitHub accepts, in characters, less some room for the mark. */
const longestText = 60_000;

/**
 * Opens an issue, or brings the one of its label up to date. An issue with the same text stays as it
 * is, open or closed: a person may have closed it. A second run changes nothing. Throws "destination".
 */
export async function keepIssue(issue: KeptIssue, place: Place, github: GitHub): Promise<IssueOutcome> {
  const there = await findIssue(issue, place, github);
  const { title, isNeeded } = issue;
  if (there === undefined)
    return isNeeded ? { outcome: "opened", url: (await open(issue, place, github)).html_url } : { outcome: "not needed" };
  const { number, state, html_url: url } = there;
  const isOpen = state === "open";
  const body = bodyOf(issue);
  const isSame = there.body?.replaceAll("\r\n", "\n").trim() === body.trim();
  if (isNeeded ? isSame : !isOpen) return { outcome: "unchanged", url };
  const request: Persistence = { what: `update issue ${number}` };
  const change = isNeeded ? ({ state: "open" } as const) : ({ state: "closed", state_reason: "completed" } as const);
  const { data } = await github.rest.issues.update({ ...place, issue_number: number, title, body, ...change, request });
  const after = readAnswer(issueSchema, data, request.what);
  if (after.number !== number || after.state !== change.state) throw unexpected(request);
  return { outcome: !isNeeded ? "closed" : isOpen ? "updated" : "reopened", url };
}

/** Finds the oldest issue of ours with a label. */
async function findIssue({ label }: KeptIssue, place: Place, github: GitHub): Promise<RemoteIssue | undefined> {
  const read = async (page: PageNumber) =>
    github.rest.issues.listForRepo({ ...place, labels: label, state: "all", sort: "created", direction: "asc", ...page });
  const isWanted = ({ body, pull_request: pull }: RemoteIssue) => pull === undefined && body?.includes(mark) === true;
  const [first] = await readPages(read, issueSchema, { what: "list the issues", isWanted });
  return first;
}

async function open(issue: KeptIssue, place: Place, github: GitHub): Promise<RemoteIssue> {
  const { label, title } = issue;
  const request: Persistence = { what: "open an issue", observe: async () => findIssue(issue, place, github) };
  const { data } = await github.rest.issues.create({ ...place, title, body: bodyOf(issue), labels: [label], request });
  const made = readAnswer(issueSchema, data, request.what);
  if (made.state !== "open") throw unexpected(request);
  // Without its label the next run would not find it, and open another one.
  const names = made.labels.map((one) => (typeof one === "string" ? one : one.name));
  if (!names.includes(label))
    throw new BuildError("destination", `GitHub opened ${made.html_url} without the label \`${label}\`.`, {
      hint: `add the label \`${label}\` to it; the token may open issues, but not label them`,
    });
  return made;
}

function unexpected({ what }: Persistence): BuildError {
  return new BuildError("destination", `GitHub's answer to ${what} is another issue, or in another state.`, {
    hint: "check GITHUB_API_URL, and what answers there",
  });
}

/** The text of an issue, cut at the end of a line if it is too long for GitHub. */
function bodyOf({ text }: KeptIssue): string {
  const end = text.length <= longestText ? text.length : Math.max(text.lastIndexOf("\n", longestText), 0);
  const note = end < text.length ? "\n\nThe rest does not fit here.\n" : "";
  return `${text.slice(0, end).trimEnd()}\n${note}\n${mark}\n`;
}
