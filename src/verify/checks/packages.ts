import { basename } from "node:path";
import { BuildError } from "../../errors.ts";
import { exec, type Host, MissingProgram } from "../../sys/exec.ts";
import { count } from "../../sys/text.ts";
import type { Check } from "../check.ts";
import { knownFindings, type KnownFinding } from "../known-findings.ts";
import type { Unpacked } from "../unpack.ts";

/** A finding of lintian. */
interface Tag {
  readonly severity: string;
  readonly package: string;
  readonly name: string;
  readonly context: string;
}

/** Debian's own checker on the packages, and what it does not see: a file that two of them have. */
export const packages: Check = {
  name: "packages",
  proves: "lintian finds no error in the packages but known ones, and no file is in two of them.",
  run: async ({ archives, title }, host) => {
    const debs = archives.filter(({ artifact }) => artifact.package !== undefined);
    if (debs.length === 0) return { skipped: `${title} has no Debian packages` };
    const { tags, version } = await runLintian(debs, host);
    const errors = tags.filter(({ severity }) => severity === "E");
    const unknown = errors.filter((tag) => whyKnown(tag) === undefined);
    const files = debs.reduce((sum, { files: own }) => sum + own.length, 0);
    return {
      evidence: [`${version} looked at ${count(debs.length, "package")} with ${count(files, "file")}.`],
      problems: [...unknown.map((tag) => `lintian: ${describe(tag)}.`), ...sharedFiles(debs)],
      warnings: [
        ...describeKnown(tags),
        ...tags.filter((tag) => tag.severity === "W" && whyKnown(tag) === undefined).map((tag) => `lintian: ${describe(tag)}.`),
      ],
    };
  },
};

async function runLintian(
  debs: readonly Unpacked[],
  host: Host,
): Promise<{ readonly tags: readonly Tag[]; readonly version: string }> {
  const run = async (...args: readonly string[]) =>
    exec("lintian", args, { host, env: { LC_ALL: "C.UTF-8" } }).catch((cause: unknown) => {
      if (!(cause instanceof MissingProgram)) throw cause;
      throw new BuildError("machine", "Program `lintian` is not installed.", { hint: "apt-get install lintian", cause });
    });
  const { stdout: version } = await run("--version");
  const options = ["--no-cfg", "--allow-root", "--fail-on", "none", "--tag-display-limit", "0"];
  const { exitCode, stdout, stderr } = await run(...options, ...debs.map(({ path }) => path));
  if (exitCode !== 0) throw new BuildError("build", `lintian failed: ${stderr.trim() || `exit code ${exitCode}`}`);
  // Rows like `E: ovn-host: no-copyright-file`, and `W: demo: bad-link usr/bin/x`.
  const rows = stdout.matchAll(/^([EW]): (\S+?)(?: \w+)?: (\S+) ?(.*)$/gm);
  const tags = [...rows].map(([, severity = "", name = "", tag = "", context = ""]) => ({
    severity,
    package: name,
    name: tag,
    context,
  }));
  return { tags, version: version.trim() };
}

function describe({ package: name, name: tag, context }: Tag): string {
  return `${name}: ${tag}${context === "" ? "" : ` ${context}`}`;
}

function whyKnown(tag: Tag): string | undefined {
  const of = ({ tag: name, package: ofPackage = /^/, context = /^/ }: KnownFinding) =>
    name === tag.name && ofPackage.test(tag.package) && context.test(tag.context);
  return knownFindings.find(of)?.why;
}

/** A sentence for each known finding, with the packages that have it. */
function describeKnown(tags: readonly Tag[]): readonly string[] {
  const packagesOf = new Map<string, Set<string>>();
  for (const tag of tags) {
    const why = whyKnown(tag);
    if (why === undefined) continue;
    const head = `${tag.name} (${why})`;
    packagesOf.set(head, (packagesOf.get(head) ?? new Set()).add(tag.package));
  }
  return [...packagesOf].map(([head, names]) => `lintian, known: ${[...names].join(", ")}: ${head}.`);
}

function sharedFiles(debs: readonly Unpacked[]): readonly string[] {
  const owner = new Map<string, string>();
  return debs.flatMap(({ artifact, path, files }) =>
    files.flatMap((file) => {
      const name = artifact.package ?? basename(path);
      const other = owner.get(file);
      owner.set(file, other ?? name);
      return other === undefined ? [] : [`/${file} is in ${other} and in ${name}.`];
    }),
  );
}
