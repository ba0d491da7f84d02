import { resolve } from "node:path";
import { BuildError, withDetails } from "../errors.ts";
import { findPackages, type PackageFile } from "../root/find-packages.ts";
import { knownRoots, type KnownRoot } from "../root/known.ts";
import { takeRoots } from "../root/take-roots.ts";
import type { Host } from "../sys/exec.ts";
import { runTask } from "../sys/run-task.ts";
import type { Subject } from "../verify/subject.ts";
import type { TrialContext } from "./context.ts";

/** Roots of the distribution that packages are for. They are kept, and not written. */
export interface TrialRoots {
  readonly known: KnownRoot;
  /** The packages, without debug information. */
  readonly debs: readonly PackageFile[];
  /** The folder of a root with what the packages need, and without them. */
  readonly clean: string;
  /** The folder of one that also has the distribution's own packages; undefined if it has none. */
  readonly before: string | undefined;
  /** The names of those. */
  readonly own: readonly string[];
}

/** Returns the roots for a build. They are made once, by the first check that asks. */
export type FindRoots = (subject: Subject, host: Host) => Promise<TrialRoots>;

/** Makes roots for builds when a check asks for them. */
export function rootsOnce(context: TrialContext): FindRoots {
  const made = new Map<Subject, Promise<TrialRoots>>();
  return async (subject, host) => {
    const roots = made.get(subject) ?? makeRoots(subject, context, host);
    made.set(subject, roots);
    return roots;
  };
}

async function makeRoots(subject: Subject, { project, mirrors }: TrialContext, host: Host): Promise<TrialRoots> {
  const { manifest, archives } = subject;
  const known = rootOf(subject);
  const debs = archives.flatMap(({ artifact, path }) =>
    // apt takes a path without a slash at its start for the name of a package.
    artifact.package === undefined ? [] : [{ name: artifact.package, path: resolve(path) }],
  );
  const request = { known, arch: manifest.arch, mirrors };
  const options = { work: project.work, host };
  try {
    const { needed, own } = await runTask(host, `ask ${known.distribution} what the packages need`, async (below) =>
      findPackages(debs, request, { ...options, host: below }),
    );
    const lists = own.length === 0 ? [needed] : [needed, [...needed, ...own]];
    const [clean, before] = await takeRoots(request, lists, options);
    return { known, debs, clean: clean?.tree ?? "", before: before?.tree, own };
  } catch (error) {
    if (!(error instanceof BuildError) || error.code !== "machine") throw error;
    throw withDetails(error, { hint: `kovn-build doctor --target linux --root ${known.name}` });
  }
}

function rootOf({ manifest, title }: Subject): KnownRoot {
  const { distribution } = manifest.jobs.find((job) => job.distribution !== undefined) ?? {};
  const known = knownRoots.find((root) => root.distribution === distribution);
  if (known !== undefined) return known;
  const names = knownRoots.map(({ name }) => name).join(", ");
  throw new BuildError("usage", `${title} is for ${distribution ?? "no distribution"}, and there are roots of ${names} only.`);
}
