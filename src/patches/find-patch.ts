import type { Patch } from "../config/patch.ts";
import type { Source } from "../config/source.ts";
import { BuildError } from "../errors.ts";

/** All patches of a source: of its series, and of those in `packaging/`, each once. */
export function allPatches({ patches, packaging }: Pick<Source, "patches" | "packaging">): readonly Patch[] {
  const all = [...patches, ...Object.values(packaging).flat()];
  return [...new Map(all.map((patch) => [patch.name, patch])).values()];
}

/**
 * Finds a patch of a source by its name, with or without `.patch`, or by its path from the project's
 * folder. Throws "usage" if `patches` does not have it.
 */
export function findPatch(asked: string, source: Source, patches: readonly Patch[] = allPatches(source)): Patch {
  const folder = `patches/${source.line}/${source.name}/`;
  const name = asked.slice(asked.includes(folder) ? asked.indexOf(folder) + folder.length : 0);
  const found = patches.find((patch) => patch.name === name || patch.name === `${name}.patch`);
  if (found !== undefined) return found;
  throw new BuildError("usage", `Source \`${source.name}\` has no patch \`${asked}\`.`, {
    hint: `kovn-build patches list --line ${source.line}`,
  });
}
