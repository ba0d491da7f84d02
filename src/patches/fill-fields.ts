import { requiredFields } from "../config/patch.ts";
import { git, gitBytes, type GitOptions } from "../sys/git.ts";
import { trailers } from "../sys/git-patch.ts";

/** A commit's message with the DEP-3 fields that are known from the commit, and those that are not. */
export interface Filled {
  readonly message: Buffer;
  readonly missing: readonly string[];
}

/**
 * Adds missing DEP-3 fields to the message of a commit: the date, and for a commit that `git
 * cherry-pick -x` made, where it comes from. `seed` has the commits of the seed's entries.
 */
export async function fillFields(commit: string, message: Buffer, seed: readonly string[], options: GitOptions): Promise<Filled> {
  const present = new Map(await trailers(message, options));
  const absent = requiredFields.filter((name) => !present.has(name));
  if (absent.length === 0) return { message, missing: [] };
  const known = new Map([["Last-Update", await git(["log", "-1", "--format=%cs", commit], options)]]);
  const origin = /^\(cherry picked from commit ([0-9a-f]{40})\)$/m.exec(message.toString("latin1"))?.[1];
  if (origin !== undefined) {
    known.set("Origin", `upstream, ${origin}`).set("Forwarded", "not-needed");
    known.set("Seed", seed.includes(origin) ? origin.slice(0, 10) : "none");
  }
  const added = absent.flatMap((name) => (known.has(name) ? ["--trailer", `${name}: ${known.get(name)}`] : []));
  const filled = await gitBytes(["interpret-trailers", "--no-divider", ...added], { ...options, input: message });
  return { message: filled, missing: absent.filter((name) => !known.has(name)) };
}
