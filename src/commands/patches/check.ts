import { parseFrom } from "../../config/from.ts";
import { listLines, pickLine } from "../../config/lines.ts";
import type { Project } from "../../config/project.ts";
import { listSources } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { listOf } from "../../list.ts";
import { filesCheck, type Finding } from "../../patches/check.ts";
import { attempt, checkLine, checkLines } from "../../patches/check-line.ts";
import type { Context } from "../../program/context.ts";
import { examples, pinOption, jsonOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { readReleaseFile } from "../../publish/release-file.ts";
import type { Host } from "../../sys/exec.ts";
import { runTask } from "../../sys/run-task.ts";
import { Json } from "../../sys/json.ts";
import { count } from "../../sys/text.ts";

interface CheckOptions {
  readonly line?: string;
  readonly from: readonly string[];
  readonly json: boolean;
}

/** `kovn-build patches check`: checks the series of every line, or of one. */
export const patchesCheck: Define = (command, context) => {
  command
    .option("--line <line>", "release line; default: all of them")
    .addOption(pinOption())
    .addOption(jsonOption())
    .addHelpText("after", examples(["kovn-build patches check --from ovs=../ovs", "check with the pinned commit of a clone"]))
    .action(async (options: CheckOptions) => {
      const findings = await context.report.run(async ({ host }) => checkAll(options, { ...context, host }));
      context.print(options.json ? new Json({ schema: 1, findings }) : showFindings(findings));
      complain(findings);
    });
};

type LineFinding = Finding & { readonly line: string };

/** Checks one line or every line. */
async function checkAll(options: CheckOptions, context: Context): Promise<readonly LineFinding[]> {
  const { host } = context;
  const project = await context.project();
  const all = await listLines(project);
  const lines = options.line === undefined && all.length > 0 ? all : [await pickLine(project, options.line)];
  // A source need not be in every line.
  const names = await Promise.all(lines.map(async (line) => listSources(project, line).catch(() => [])));
  const from = parseFrom(options.from, [...new Set(names.flat())], []);
  const about = [...(await checkLines(project, host)), ...(await checkReleaseFile(project, host))];
  const findings: LineFinding[] = about.map((finding) => ({ line: "all", ...finding }));
  for (const line of lines) {
    const found = await runTask(host, `check line ${line}`, async (below) => checkLine(line, from, project, below));
    findings.push(...found.map((finding) => ({ line, ...finding })));
  }
  return findings;
}

/** Checks `release.yaml`, if the project has it. */
async function checkReleaseFile(project: Project, host: Host): Promise<readonly Finding[]> {
  const checked = await attempt("all", host, async () => readReleaseFile(project, host));
  if ("findings" in checked) return checked.findings;
  if (checked.value === undefined) return [];
  const names = (checked.value.to ?? []).map(({ to }) => to);
  return [{ source: "all", check: "release.yaml", outcome: "ok", detail: `publishes to ${listOf(names) || "no destination"}` }];
}

function showFindings(findings: readonly LineFinding[]): string {
  const rows = findings.map(
    ({ line, source, outcome, check, detail }) => `${outcome.padEnd(7)}  ${line}  ${source}  ${check}: ${detail}`,
  );
  return `${rows.join("\n")}\n`;
}

/** Throws "project" when project files are wrong, "build" when another check failed. */
function complain(findings: readonly LineFinding[]): void {
  const failed = findings.filter((finding) => finding.outcome === "failed");
  if (failed.length === 0) return;
  const code = failed.some(({ check }) => check === filesCheck) ? "project" : "build";
  throw new BuildError(code, `${failed.length} of ${count(findings.length, "check")} failed.`, {
    at: failed.flatMap((finding) => finding.at ?? []),
  });
}
