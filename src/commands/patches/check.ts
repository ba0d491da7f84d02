import { readLock } from "../../config/lock.ts";
import { listLines, type Project } from "../../config/project.ts";
import { readSeed } from "../../config/seed.ts";
import { listSources, readSources, type Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { checkPair, checkSource, whyUnavailable, type Finding } from "../../patches/check.ts";
import { listEntries } from "../../patches/list.ts";
import { fetchBase, type MirrorOptions } from "../../patches/mirror.ts";
import { declaredBases, type From } from "../../plan/base.ts";
import type { Context } from "../../program/context.ts";
import { examples, pinOption, jsonOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import type { Host } from "../../sys/exec.ts";
import { runTask } from "../../sys/run-task.ts";
import { parseFrom } from "../../config/from.ts";
import { Json } from "../../sys/json.ts";

interface CheckOptions {
  readonly from: readonly string[];
  readonly json: boolean;
}

/** `kovn-build patches check`: checks the series of every line. */
export const patchesCheck: Define = (command, context) => {
  command
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

/** Checks every line. Throws "project" for wrong files. */
async function checkAll(options: CheckOptions, context: Context): Promise<readonly LineFinding[]> {
  const { host } = context;
  const project = await context.project();
  const findings: LineFinding[] = [];
  for (const line of await listLines(project)) {
    const from = parseFrom(options.from, await listSources(project, line), []);
    const found = await runTask(host, `check line ${line}`, async (below) => checkLine(line, from, project, below));
    findings.push(...found.map((finding) => ({ line, ...finding })));
  }
  return findings;
}

function showFindings(findings: readonly LineFinding[]): string {
  const rows = findings.map(
    ({ line, source, outcome, check, detail }) => `${outcome.padEnd(7)}  ${line}  ${source}  ${check}: ${detail}`,
  );
  return `${rows.join("\n")}\n`;
}

function complain(findings: readonly LineFinding[]): void {
  const failed = findings.filter((finding) => finding.outcome === "failed").length;
  const at = findings.flatMap((finding) => finding.at ?? []);
  if (failed > 0) throw new BuildError("build", `${failed} of ${findings.length} checks failed.`, { at });
}

async function checkLine(line: string, from: From, project: Project, host: Host): Promise<readonly Finding[]> {
  const sources = await runTask(host, `read the series of line ${line}`, async (below) => readSources(project, line, below));
  const lock = await readLock(project, line);
  const options = { work: project.work, host };
  const entries = listEntries(await readSeed(project), sources);
  const missing = entries.filter((entry) => entry.status === "missing").map((entry) => `${entry.entry} (${entry.seed})`);
  const seed: Finding = {
    source: "all",
    check: "seed",
    ...(missing.length === 0
      ? { outcome: "ok", detail: `each of its ${entries.length} entries is a patch or merged upstream` }
      : { outcome: "failed", detail: `entries without a patch: ${missing.join(", ")}` }),
  };
  const findings = [seed];
  for (const [index, source] of sources.entries()) {
    const title = `check ${source.name}, source ${index + 1} of ${sources.length}`;
    const found = await runTask(host, title, async (below) => {
      const around = { ...options, host: below };
      const bases = declaredBases(source, from);
      const own = await checkSource(source, { ...around, bases, locked: lock?.sources[source.name] });
      const others = sources.filter((other) => other !== source);
      const pairs = await Promise.all(others.map(async (other) => pairOf(source, other, from, around)));
      return [...own, ...pairs.flat()];
    });
    findings.push(...found);
  }
  return findings;
}

async function pairOf(source: Source, other: Source, from: From, options: MirrorOptions): Promise<readonly Finding[]> {
  const [own] = declaredBases(source, from);
  const [others] = declaredBases(other, from);
  if (own === undefined || others === undefined) return [];
  if ((await whyUnavailable(own, options)) !== undefined || (await whyUnavailable(others, options)) !== undefined) return [];
  const finding = await checkPair(source, await fetchBase(own, options), other, await fetchBase(others, options), options);
  return finding === undefined ? [] : [finding];
}
