import { digestOfManifest, writeVerified, type Verified } from "../dist/verified.ts";
import { BuildError } from "../errors.ts";
import { listOf } from "../list.ts";
import { makeRecord } from "../record.ts";
import type { Host } from "../sys/exec.ts";
import { errorCode } from "../sys/processes.ts";
import { runTask } from "../sys/run-task.ts";
import { judge, type Check, type Verdict } from "./check.ts";
import { findInputs, withSubject, type Subject } from "./subject.ts";

/** What is wrong, and right, with the artifacts of one build. */
export interface Verification {
  /** The folder or file, as it was named. */
  readonly path: string;
  readonly target: string;
  readonly line: string;
  readonly variant: string;
  readonly arch: string;
  readonly checks: readonly Verdict[];
}

/** The checks to run. */
export interface Checks {
  readonly checks: readonly Check[];
  /** True if they install and run what was built. */
  readonly run: boolean;
}

/**
 * Runs checks on built artifacts: folders of `build`, or single files of one. Writes the verdicts of a
 * folder into it. A failing check is a result; throws "usage" for a path that has no `artifacts.json`,
 * which says what it should be.
 */
export async function verify(paths: readonly string[], { checks, run }: Checks, host: Host): Promise<readonly Verification[]> {
  const inputs = (await Promise.all(paths.map(findInputs))).flat();
  for (const input of inputs) for (const check of checks) await check.assert?.(input);
  const done: Verification[] = [];
  for (const input of inputs)
    done.push(
      await withSubject(input, host, async (subject) => {
        const { target, line, variant, arch } = subject.manifest;
        const artifacts = await digestOfManifest(input.folder);
        const verdicts: Verdict[] = [];
        for (const check of checks) verdicts.push(await runCheck(check, subject, host));
        if (input.file === undefined) await record(input.folder, { artifacts, run, checks: verdictsOf(verdicts) }, host);
        return { path: input.shown, target, line, variant, arch, checks: verdicts };
      }),
    );
  return done;
}

/** Throws "build" when a check failed, or all were skipped. */
export function assertVerified(verifications: readonly Verification[]): void {
  const failed = verifications.flatMap(({ path, checks: verdicts }) => {
    const names = verdicts.filter(({ verdict }) => verdict === "fail").map(({ check }) => check);
    if (verdicts.every(({ verdict }) => verdict === "skipped")) names.push("every check was skipped");
    return names.length === 0 ? [] : [`${path} (${names.join(", ")})`];
  });
  if (failed.length > 0) throw new BuildError("build", `Not verified: ${listOf(failed)}.`);
}

function verdictsOf(verdicts: readonly Verdict[]): Verified["checks"] {
  return makeRecord(verdicts.map(({ check, verdict }) => [check, verdict]));
}

/** Where the folder cannot be written, there is only a notice: the verdicts are the result. */
async function record(folder: string, verified: Omit<Verified, "schema">, { task }: Host): Promise<void> {
  await writeVerified(folder, verified).catch((error: unknown) => {
    const code = errorCode(error);
    if (code === undefined) throw error;
    task.notice(`The verdicts cannot be written into ${folder} (${code}), so \`publish\` does not know them.`);
  });
}

async function runCheck(check: Check, subject: Subject, host: Host): Promise<Verdict> {
  return runTask(host, `verify ${check.name} of ${subject.title}`, async (below) => {
    const found = await check.run(subject, below).catch((error: unknown) => {
      below.signal.throwIfAborted();
      if (!(error instanceof BuildError)) throw error;
      const hint = error.hint === undefined ? "" : ` (${error.hint})`;
      return { evidence: [], problems: [`There is no evidence: ${error.message}${hint}`] };
    });
    return judge(check, found);
  });
}
