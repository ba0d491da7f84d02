import { Option } from "commander";
import { parseFrom } from "../../config/from.ts";
import { listLines, pickLine } from "../../config/lines.ts";
import { listSources } from "../../config/source.ts";
import { findOutdated, isOutdated, type OutdatedLine } from "../../patches/outdated/outdated.ts";
import { outdatedMarkdown, showOutdated } from "../../patches/outdated/show.ts";
import { sumOf } from "../../patches/rebase/rows.ts";
import type { Context } from "../../program/context.ts";
import { examples, jsonOption, pinOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { keepIssue, type IssueOutcome, type KeptIssue } from "../../publish/github-issue.ts";
import { readPlace } from "../../publish/github-place.ts";
import { connect } from "../../sys/github.ts";
import { Json } from "../../sys/json.ts";
import { runTask } from "../../sys/run-task.ts";

interface OutdatedOptions {
  readonly line?: string;
  readonly from: readonly string[];
  readonly json: boolean;
  readonly markdown: boolean;
  /** A repository; true for that of the environment. */
  readonly issue?: string | true;
}

/** `kovn-build patches outdated`: what upstream has that the pins lack. */
export const patchesOutdated: Define = (command, context) => {
  command
    .option("--line <line>", "release line; default: all of them")
    .addOption(pinOption())
    .addOption(jsonOption())
    .addOption(new Option("--markdown", "print Markdown").default(false).conflicts("json"))
    .option(
      "--issue [repository]",
      "open an issue on GitHub, or update or close it; default: the repository of GITHUB_REPOSITORY",
    )
    .addHelpText(
      "after",
      examples(
        ["kovn-build patches outdated", "what upstream has that the pins lack"],
        ["kovn-build patches outdated --from ovs=../ovs --from ovn=../ovn", "the same from clones"],
        ["kovn-build patches outdated --issue", "the same as an issue that stays up to date, in a workflow"],
      ),
    )
    .action(async (options: OutdatedOptions) => run(options, context));
};

async function run(options: OutdatedOptions, context: Context): Promise<void> {
  const { print, report, actions, github } = context;
  const named = options.issue === true ? "" : options.issue;
  const place = named === undefined ? undefined : readPlace(named, github, { option: "--issue", does: "an issue" });
  const { lines, issue } = await report.run(async ({ host }) => {
    const found = await compareAll(options, { ...context, host });
    if (place === undefined) return { lines: found, issue: undefined };
    const kept = await runTask(host, `issue of ${place.owner}/${place.repo}`, async (below) =>
      keepIssue(describeIssue(found), place, await connect(github, below)),
    );
    return { lines: found, issue: kept };
  });
  actions?.summarize(lines.map(outdatedMarkdown).join("\n"));
  if (issue?.url !== undefined) actions?.output("url", issue.url);
  if (options.json) return print(new Json({ schema: 1, lines: lines.map(withSums), ...(issue === undefined ? {} : { issue }) }));
  print(lines.map(options.markdown ? outdatedMarkdown : showOutdated).join("\n"));
  if (issue !== undefined) report.write(`${showIssue(issue)}\n`);
}

async function compareAll(options: OutdatedOptions, context: Context): Promise<readonly OutdatedLine[]> {
  const project = await context.project();
  const all = await listLines(project);
  const lines = options.line === undefined && all.length > 0 ? all : [await pickLine(project, options.line)];
  // A source need not be in every line.
  const names = await Promise.all(lines.map(async (line) => listSources(project, line)));
  const from = parseFrom(options.from, [...new Set(names.flat())], []);
  const found: OutdatedLine[] = [];
  for (const line of lines) found.push(await findOutdated(line, from, project, context.host));
  return found;
}

/** For programs, with the sum of each picture. */
function withSums({ sources, ...line }: OutdatedLine): object {
  const withSum = ({ picture, ...source }: OutdatedLine["sources"][number]) =>
    picture === undefined ? source : { ...source, picture: { ...picture, sum: sumOf(picture) } };
  return { ...line, sources: sources.map(withSum) };
}

function describeIssue(lines: readonly OutdatedLine[]): KeptIssue {
  const isNeeded = lines.some(isOutdated);
  const intro = isNeeded
    ? "Upstream has commits that the pins of `patches/` lack. This text is written by `kovn-build patches outdated --issue`: it follows upstream, and the issue is closed when nothing is outdated."
    : "Upstream has nothing that the pins of `patches/` lack.";
  const text = [intro, ...lines.map(outdatedMarkdown)].join("\n\n");
  return { label: "outdated", title: "Upstream is ahead of the pins", text, isNeeded };
}

function showIssue({ outcome, url }: IssueOutcome): string {
  return url === undefined ? `issue: ${outcome}` : `issue: ${outcome}: ${url}`;
}
