// Does applying a series cost more than `git am` of the same files? `npx tsx bench/apply.ts [--line 1.12] FROM...`; FROM is a value of
// --from: apt, ovn=../ovn.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseFrom } from "../src/config/from.ts";
import { pickLine } from "../src/config/lines.ts";
import { findProject } from "../src/config/project.ts";
import { readSources, type Source } from "../src/config/source.ts";
import { BuildError } from "../src/errors.ts";
import { checkoutPatched } from "../src/patches/apply.ts";
import { fetchBase, type Fetched } from "../src/patches/mirror.ts";
import { allowedBases } from "../src/plan/base.ts";
import { am } from "../src/sys/git-am.ts";
import { inFolder, medianSeconds, printMachine, report, run } from "./measure.ts";
import { quietTask } from "../src/sys/task.ts";

const { values, positionals } = parseArgs({ options: { line: { type: "string" } }, allowPositionals: true });
const host = { env: { PATH: process.env["PATH"] ?? "" }, signal: new AbortController().signal, task: quietTask };
const project = await findProject(process.cwd(), process.cwd(), host);
const sources = await readSources(project, await pickLine(project, values.line), host);
const names = sources.map((source) => source.name);
const from = parseFrom(positionals, names);

printMachine();
for (const source of sources) {
  try {
    const [base] = allowedBases(source, from);
    if (base !== undefined) await measure(source, await fetchBase(base, { work: project.work, host }));
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.log(`${source.name} is not measured: ${error.message}`);
  }
}

async function measure(source: Source, fetched: Fetched): Promise<void> {
  await inFolder(async (folder) => {
    const files = source.patches.map((patch) => patch.path);
    const ours = join(folder, "ours");
    const bare = join(folder, "bare");
    const git = (...args: readonly string[]) => run("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], bare);
    const reset = () => git("reset", "--quiet", "--hard", fetched.commit);
    const seconds = await medianSeconds(7, {
      ours: async () => {
        await rm(ours, { recursive: true, force: true });
        await checkoutPatched(source, fetched, ours, host);
      },
      bare: async () => {
        await rm(bare, { recursive: true, force: true });
        await mkdir(bare);
        await git("clone", "--quiet", "--shared", "--no-checkout", fetched.repository, ".");
        await git("checkout", "--quiet", fetched.commit);
        await git("am", "--quiet", ...files);
      },
      reset,
      bareAm: () => git("am", "--quiet", ...files),
      again: reset,
      ourAm: () => am(files, { host, cwd: bare }),
    });
    const what = `${source.name}, ${files.length} patches`;
    report(`${what}: git am`, seconds.bareAm, "s");
    report(`${what}: kovn-build's git am`, seconds.ourAm, "s");
    report(`${what}: kovn-build / git`, seconds.ourAm / seconds.bareAm, "times", 1.3);
    report(`${what}, tree included: git clone, checkout, am`, seconds.bare, "s");
    report(`${what}, tree included: kovn-build`, seconds.ours, "s");
    report(`${what}, tree included: kovn-build / git`, seconds.ours / seconds.bare, "times", 1.3);
  });
}
