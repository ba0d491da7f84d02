import { BuildError, type ErrorCode } from "../errors.ts";
import { listOf } from "../list.ts";
import type { KnownRoot } from "./known.ts";

/** What apt, dpkg or mmdebstrap says of a kind of failure, its code, and what to type next. */
interface Kind {
  readonly says: RegExp;
  readonly code: ErrorCode;
  readonly hint: (known: KnownRoot) => string;
}

const another = "name another archive: --mirror URL, --mirror security=URL";

/** The first one that fits counts. What is "digest" is never replaced by a root that is kept. */
const kinds: readonly Kind[] = [
  {
    says: /No space left|enough free space/,
    code: "machine",
    hint: () => "free some space: kovn-build cache prune --keep-runs 1",
  },
  {
    says: /is expired|not valid yet/,
    code: "digest",
    hint: () => `check the clock: date; if it is right, the archive is not kept up to date: ${another}`,
  },
  {
    says: /GPG error|OpenPGP signature|is not signed|no longer signed|Clearsigned file/,
    code: "digest",
    hint: ({ keyringPackage }) => `apt-get install --only-upgrade ${keyringPackage}, or ${another}`,
  },
  {
    says: /Hash Sum mismatch|unexpected size|Mirror sync in progress/,
    code: "network",
    hint: () => `try again in some minutes, if the archive is being updated; or ${another}`,
  },
  {
    says: /unmet dependencies|held broken packages/,
    code: "network",
    hint: ({ distribution }) => `the archives are not of one state, or not of ${distribution}: ${another}`,
  },
];

const otherwise: Pick<Kind, "code" | "hint"> = { code: "network", hint: () => `check the network, or ${another}` };

/** What apt adds to other reasons. */
const obvious = /^Some index files failed to download/;

/** The lines of a program's output that say why it failed. */
export function reasonsIn(output: string): readonly string[] {
  const says = /^(?:[EW]: |dpkg: error|.*No space left|.*unmet dependencies| +(?:\S+ : )?(?:Pre-)?Depends: )/;
  const lines = output.split("\n").filter((line) => says.test(line));
  return [...new Set(lines.map((line) => line.replace(/^[EW]: /, "").trim()))].filter((line) => !obvious.test(line));
}

/** The error for a root that cannot be made, from what programs said; `last` is used when they gave no reason. */
export function explain(known: KnownRoot, reasons: readonly string[], last: string): BuildError {
  const { name, distribution } = known;
  const lacking = reasons.flatMap((reason) => {
    const [, unknown, virtual] =
      /Unable to locate package (\S+)|Package '?([^' ]+)'? has no installation candidate/.exec(reason) ?? [];
    return unknown ?? virtual ?? [];
  });
  if (lacking.length > 0)
    return new BuildError("project", `Root ${name} cannot be made: ${distribution} has no package ${listOf(lacking)}.`, {
      hint: "correct `packages` of the pipeline's jobs, or pick another --root",
    });
  const broken = reasons.flatMap((reason) => /^dpkg: error processing (?:package|archive) (\S+)/.exec(reason)?.[1] ?? []);
  const { code, hint } = kinds.find(({ says }) => reasons.some((reason) => says.test(reason))) ?? otherwise;
  const said = reasons.length === 0 ? last : listOf(reasons, "\n  ");
  if (broken.length > 0 && code !== "machine")
    return new BuildError("build", `Package ${listOf(broken)} cannot be installed in root ${name}:\n  ${said}`);
  return new BuildError(code, `Root ${name} cannot be made:\n  ${said}`, { hint: hint(known) });
}
