import type { Command } from "commander";
import { distFolder } from "../../config/project.ts";
import { BuildError } from "../../errors.ts";
import { fromOption, lineOption, repeated } from "../../program/values.ts";
import type { ReleaseSet } from "../../set/set.ts";
import { exists } from "../../sys/files.ts";
import { withSet, type AllowOptions, type SetContext } from "../../set/with-set.ts";
import type { ReadOptions } from "../../release/read.ts";

/** Options that `release notes` and `release plan` share. */
export interface NotesOptions extends ReadOptions {
  /** Folders or bundles of artifacts; default: `dist`, if it exists. */
  readonly dist: readonly string[];
}

/** Adds the options that say what a release is compared with, and what it contains. */
export function notesOptions(command: Command): Command {
  return command
    .addOption(lineOption())
    .option("--since <tag>", "release to compare with; default: the line's last one")
    .addOption(fromOption())
    .addOption(
      repeated(
        "--dist <artifacts>",
        "folder or bundle of artifacts; default: dist in the project's folder, if there is one; may be repeated",
      ),
    );
}

/** Calls `use` with the set of the given artifacts, or with undefined when there are none. */
export async function withAssets<T>(
  options: Pick<NotesOptions, "dist"> & AllowOptions,
  line: string,
  context: SetContext,
  use: (set: ReleaseSet | undefined) => Promise<T>,
): Promise<T> {
  const own = distFolder(context.project);
  const inputs = options.dist.length > 0 || !(await exists(own)) ? options.dist : [own];
  if (inputs.length === 0) return use(undefined);
  return withSet(inputs, options, context, async (set) => {
    if (set.line === line) return use(set);
    throw new BuildError("usage", `The artifacts in ${inputs.join(", ")} are of line ${set.line}, not of ${line}.`, {
      hint: "--dist DIR, or --line LINE",
    });
  });
}
