import type { Label } from "./label.ts";
import { upstream } from "./purl.ts";

/** CycloneDX's type of a patch by its DEP-3 `Origin`; any other origin is `unofficial`. */
const patchKinds: Readonly<Record<string, string>> = { upstream: "cherry-pick", backport: "backport" };

/** What a pedigree says; jobs of `artifacts.json` have more. */
type Pedigreed = Pick<Label, "source" | "version" | "base" | "picks" | "series" | "packaging">;

/**
 * Where a source comes from, and its patches, as CycloneDX has it; the fragment of a patch's path is its
 * digest.
 */
export function pedigree(line: string, job: Pedigreed): object {
  const { base, picks = [], series, packaging = [], source } = job;
  const patches = [...series, ...packaging].map(({ name, sha256, seed, subject, origin }) => ({
    type: patchKinds[/^\w+/.exec(origin)?.[0] ?? ""] ?? "unofficial",
    diff: { url: `patches/${line}/${source}/${name}#sha256=${sha256}` },
    resolves: [
      {
        type: "enhancement",
        ...(seed === "none" ? {} : { id: seed }),
        name: subject || name,
        description: `Origin: ${origin || "unknown"}; seed entry: ${seed}`,
      },
    ],
  }));
  const ancestor = { type: "application", ...upstream(job) };
  if (base.kind === "apt") return { ancestors: [{ ...ancestor, hashes: [{ alg: "SHA-256", content: base.sha256 }] }], patches };
  const taken = picks.map(({ commit, why }) => ({ uid: commit, message: `upstream, taken onto it from ${base.url}: ${why}` }));
  return { ancestors: [ancestor], commits: [{ uid: base.commit, message: `upstream, from ${base.url}` }, ...taken], patches };
}
