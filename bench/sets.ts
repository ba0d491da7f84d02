// Builds the sets of packages that docs/performance.md compares with ours: the same patched sources with other flags.
//   npm run bench:sets -- --from ovs=../ovs --from ovn=../ovn --out ../sets incumbent unoptimised [--line 1.12] [--root debian:12] [--work DIR]
// Set NAME ends in OUT/linux-NAME, for `npm run bench:programs`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { cli, fromHere } from "./measure.ts";

/** Flags instead of all others, the distribution's too. Without -fPIC, OVN's library is not linked. */
const instead: Readonly<Record<string, string>> = {
  // Kube-OVN's for amd64.
  incumbent: "-O2 -g -fPIC -msse4.2 -mpopcnt",
  // Kube-OVN's for arm64 and for its `legacy`, compiled for amd64.
  unoptimised: "-fPIC",
};

/** Flags after those of `fast`. */
const added: Readonly<Record<string, string>> = { "fast-o3": "-O3", "fast-v3": "-march=x86-64-v3" };

interface Varied {
  variants?: Record<string, unknown>;
}

interface Step extends Varied {
  readonly uses: string;
  readonly with: { readonly env?: Readonly<Record<string, string>> };
}

interface Pipeline {
  readonly flags: Record<string, { readonly amd64: string }>;
  readonly jobs: Readonly<Record<string, Varied & { readonly steps: readonly Step[] }>>;
}

const { values, positionals } = parseArgs({
  options: {
    from: { type: "string", multiple: true, default: [] },
    line: { type: "string", default: "1.12" },
    out: { type: "string" },
    root: { type: "string" },
    work: { type: "string", default: join(tmpdir(), "kovn-bench-sets") },
  },
  allowPositionals: true,
});
const known = [...Object.keys(instead), ...Object.keys(added)];
const unknown = positionals.filter((name) => !known.includes(name));
if (positionals.length === 0 || unknown.length > 0 || values.out === undefined)
  throw new Error(`Name --out FOLDER and sets: ${known.join(", ")}.`);
const out = resolve(values.out);
const work = resolve(values.work);

await mkdir(work, { recursive: true });
for (const name of ["patches", "pipelines"]) {
  await rm(join(work, name), { recursive: true, force: true });
  await cp(name, join(work, name), { recursive: true });
}
const file = join(work, "pipelines/linux-deb.yaml");
const pipeline = parse(await readFile(file, "utf8")) as Pipeline;
for (const name of positionals) addVariant(pipeline, name);
// JSON is YAML.
await writeFile(file, JSON.stringify(pipeline, undefined, 2));
const from = fromHere(values.from.flatMap((where) => ["--from", where]));
const root = values.root === undefined ? [] : ["--root", values.root];
for (const name of positionals) {
  const words = ["build", "--line", values.line, "--target", "linux", "--variant", name, "--out", out, ...root, ...from];
  const [code] = await once(spawn(process.execPath, [cli, ...words], { cwd: work, stdio: "inherit" }), "exit");
  if (code !== 0) throw new Error(`Set \`${name}\` was not built.`);
}

/** Adds a set as a variant. */
function addVariant({ flags, jobs }: Pipeline, name: string): void {
  const replaced = instead[name];
  flags[name] = { amd64: replaced ?? `${flags["fast"]?.amd64} ${added[name]}` };
  for (const job of Object.values(jobs)) {
    if (replaced === undefined) inheritFast(job, name);
    for (const step of job.steps)
      if (replaced === undefined) inheritFast(step, name);
      else if (step.uses === "deb") {
        const options = `${step.with.env?.["EXTRA_CONFIGURE_OPTS"]} CFLAGS="${replaced}" CPPFLAGS= LDFLAGS=`;
        step.variants = { ...step.variants, [name]: { env: { EXTRA_CONFIGURE_OPTS: options } } };
      }
  }
}

function inheritFast(varied: Varied, name: string): void {
  const fast = varied.variants?.["fast"];
  if (fast !== undefined) varied.variants = { ...varied.variants, [name]: fast };
}
