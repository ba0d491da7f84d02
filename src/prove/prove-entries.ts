import { tmpdir } from "node:os";
import { join } from "node:path";
import { unknownName } from "../config/names.ts";
import { pickLine, type Project } from "../config/project.ts";
import { readSeed } from "../config/seed.ts";
import { readSources } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { runTask } from "../sys/run-task.ts";
import { withTempDir } from "../sys/with-temp-dir.ts";
import type { Check } from "./check.ts";
import { findPrograms } from "./programs.ts";
import { prove, type Claim, type Proof } from "./prove.ts";
import { checksFor } from "./registry.ts";
import { native, startWine } from "./runner.ts";

/** Which programs to run, and which entries to prove. */
export interface ProveOptions {
  /**
   * Built programs, anywhere below: a build tree, unpacked packages, a folder of debs or zips, a
   * zip.
   */
  readonly programs: string;
  /** Unpatched programs to compare with. */
  readonly before?: string;
  /** Numbers of entries; none for all. */
  readonly entries: readonly string[];
  /** Only entries of this source; its programs must be there. */
  readonly only?: string;
  /** `wine` runs Windows programs, in a Wine of their own. */
  readonly runner: "native" | "wine";
}

export interface ProveContext {
  readonly project: Project;
  readonly host: Host;
}

/**
 * Runs built programs and checks their behaviour for each entry of the seed. A failing program is a
 * result; throws "usage" for wrong options.
 */
export async function proveEntries(options: ProveOptions, { project, host }: ProveContext): Promise<readonly Proof[]> {
  const isWine = options.runner === "wine";
  const checks = checksFor(isWine ? "windows" : "linux");
  const claims = await readClaims(options, checks, project, host);
  const names = { programs: checks.flatMap((check) => check.programs), files: checks.flatMap((check) => check.files) };
  return withTempDir(join(tmpdir(), "kovn-programs-"), async (work) => {
    const find = async (dir: string, name: string) => findPrograms(dir, names, join(work, name), host, isWine ? ".exe" : "");
    const after = await find(options.programs, "after");
    const before = options.before === undefined ? undefined : await find(options.before, "before");
    const start = async (below: Host) => startWine(join(work, "wine"), below);
    const runner = isWine ? await runTask(host, "start Wine", start) : native;
    const proofs: Proof[] = [];
    try {
      for (const [index, claim] of claims.entries()) {
        const common = { after, before, requirePrograms: options.only !== undefined, runner };
        const title = `prove entry ${claim.entry} (${index + 1} of ${claims.length}): ${claim.title}`;
        proofs.push(await runTask(host, title, async (below) => prove(claim, { ...common, host: below })));
      }
    } finally {
      await runner.end();
    }
    return proofs;
  });
}

type TitledClaim = Claim & { readonly title: string };

async function readClaims(
  { entries, only }: ProveOptions,
  checks: readonly Check[],
  project: Project,
  host: Host,
): Promise<readonly TitledClaim[]> {
  const seed = await readSeed(project);
  const numbers = seed.map(({ entry }) => String(entry));
  for (const entry of entries) if (!numbers.includes(entry)) throw unknownName("Entry", entry, numbers);
  const sources = await readSources(project, await pickLine(project, undefined), host);
  const names = sources.map((source) => source.name);
  if (only !== undefined && !names.includes(only)) throw unknownName("Source", only, names);
  const claims = seed.flatMap(({ entry, commit, source, title }) => {
    const check = checks.find((candidate) => candidate.entry === entry);
    const asked = entries.length === 0 || entries.includes(String(entry));
    if (check === undefined || !asked || (only !== undefined && source !== only)) return [];
    const patches = sources.find((one) => one.name === source)?.patches ?? [];
    return [{ entry, seed: commit.slice(0, 10), source, title, check, patches }];
  });
  if (claims.length === 0) throw new BuildError("usage", `None of the entries ${entries.join(", ")} belongs to \`${only}\`.`);
  return claims;
}
