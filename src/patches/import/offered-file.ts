import { sortBy } from "../../order.ts";

/** A file that may be a patch. */
export interface OfferedFile {
  readonly path: string;
  /** Its name in messages. */
  readonly file: string;
  /** True if the person named it, not only its folder. */
  readonly isGiven: boolean;
}

/** True for names that patches have. */
export function isPatchName(name: string): boolean {
  return /\.(?:patch|diff|eml|mbox|mbx|mail)$/i.test(name);
}

/** The files that an order means by a path. */
export interface FoundFiles {
  readonly files: readonly OfferedFile[];
  readonly isAmbiguous: boolean;
}

/**
 * The files that a path in an order means, which may be one of another machine: those that have the
 * most of its last parts. With `*` or `?` in its name, all that fit. Several otherwise are ambiguous.
 */
export function findFiles(path: string, files: readonly OfferedFile[]): FoundFiles {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const known = parts.slice(parts.findLastIndex((part) => /[$`]|^\.\.$/.test(part)) + 1);
  const [name = ""] = known.slice(-1);
  const isPattern = /[*?]/.test(name);
  const form = new RegExp(
    `^${name
      .replaceAll(/[\\^$.|+()[\]{}]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
  );
  const isCommit = /^[0-9a-f]{7,40}$/.test(name);
  const fitting = files.filter((one) => {
    const [base = ""] = one.path.split("/").slice(-1);
    return form.test(base) || (isCommit && base.startsWith(`${name}.`));
  });
  const depth = (one: OfferedFile) => {
    const other = one.path.split("/");
    let same = 1;
    while (same < known.length && known.at(-1 - same) === other.at(-1 - same)) same++;
    return same;
  };
  const deepest = Math.max(...fitting.map(depth));
  const best = sortBy(
    fitting.filter((one) => depth(one) === deepest),
    (one) => one.path,
  );
  return { files: best, isAmbiguous: best.length > 1 && !isPattern };
}
